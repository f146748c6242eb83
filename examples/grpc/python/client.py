"""A client of holdfast.v1.FileService, from the messages that protoc makes of the .proto files."""

import grpc

from holdfast.v1 import file_pb2


class Files:
    """Every method by its name in the contract: files.GetFile(file_pb2.GetFileRequest(...), timeout=30)."""

    def __init__(self, channel):
        service = file_pb2.DESCRIPTOR.services_by_name["FileService"]
        for method in service.methods:
            request = getattr(file_pb2, method.input_type.name)
            answer = getattr(file_pb2, method.output_type.name)
            call = channel.unary_unary(
                f"/{service.full_name}/{method.name}",
                request_serializer=request.SerializeToString,
                response_deserializer=answer.FromString,
            )
            setattr(self, method.name, call)


def connect(address, ca, cert, key):
    """A channel with mutual TLS; the arguments after the address are paths of PEM files."""
    credentials = grpc.ssl_channel_credentials(
        root_certificates=_read(ca), private_key=_read(key), certificate_chain=_read(cert)
    )
    return grpc.secure_channel(address, credentials)


def _read(path):
    with open(path, "rb") as file:
        return file.read()
