#!/usr/bin/env python3
"""Uploads a file for one of this back end's users, waits for its thumbnail, and fetches that.

    TLS_CA=ca.pem TLS_CERT=client-billing.pem TLS_KEY=client-billing.key python3 main.py localhost:9001 alice photo.jpg

GENERATED is the folder with what protoc made; by default ./generated.
"""

import os
import shutil
import sys
import time
import urllib.request

sys.path.insert(0, os.environ.get("GENERATED", os.path.join(os.path.dirname(__file__), "generated")))

import grpc

from client import Files, connect
from holdfast.v1 import file_pb2

# Seconds.
TIMEOUT = 30
CONFIRM_TIMEOUT = 600


def upload(files, owner, path):
    """Reserves a place, sends the bytes straight to the store, and says that they are there."""
    size = os.path.getsize(path)
    new = file_pb2.NewFile(name=os.path.basename(path), size=size)
    request = file_pb2.GenerateUploadURLsRequest(owner_id=owner, files=[new])
    [result] = files.GenerateUploadURLs(request, timeout=TIMEOUT).results
    if result.HasField("error"):
        raise RuntimeError(result.error.detail)
    file_id, target = result.file.id, result.upload
    with open(path, "rb") as content:
        if target.HasField("request"):
            send(target.request, content.read())
        else:
            send_parts(files, owner, file_id, target, content)
    # The bytes are read again to be sure of them, which takes a while where they are many.
    confirm = file_pb2.ConfirmUploadRequest(owner_id=owner, file_id=file_id)
    return files.ConfirmUpload(confirm, timeout=CONFIRM_TIMEOUT).file


def send_parts(files, owner, file_id, target, content):
    """Part by part; the first ones came signed with the answer."""
    parts = list(target.parts)
    number = 1
    while number <= target.part_count:
        if not parts:
            more = file_pb2.GenerateUploadPartURLsRequest(
                owner_id=owner, file_id=file_id, **{"from": number, "count": 100}
            )
            parts = list(files.GenerateUploadPartURLs(more, timeout=TIMEOUT).parts)
        send(parts.pop(0).request, content.read(target.part_size))
        number += 1


def send(signed, body):
    """One signed request, with exactly its method and headers."""
    # Without a type of its own, urllib would say that it is a form.
    headers = {"content-type": "application/octet-stream", **signed.headers}
    request = urllib.request.Request(signed.url, data=body, headers=headers, method=signed.method)
    with urllib.request.urlopen(request, timeout=CONFIRM_TIMEOUT):
        pass


def wait_for_variant(files, owner, file_id, variant):
    """Variants are made after the upload is confirmed, within a second or so."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        file = files.GetFile(file_pb2.GetFileRequest(owner_id=owner, file_id=file_id), timeout=TIMEOUT).file
        if any(each.type == variant for each in file.variants):
            return
        if file.processing.state != file_pb2.PROCESSING_STATE_RUNNING:
            raise RuntimeError(f"There will be no {variant}.")
        time.sleep(0.1)
    raise RuntimeError(f"There is no {variant} after a minute.")


def download(files, owner, file_id, variant, target):
    """By a URL that needs no header."""
    wanted = file_pb2.GenerateDownloadURLRequest(owner_id=owner, file_id=file_id, variant=variant)
    url = files.GenerateDownloadURL(wanted, timeout=TIMEOUT).url
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, open(target, "wb") as out:
        shutil.copyfileobj(answer, out)


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: TLS_CA=… TLS_CERT=… TLS_KEY=… main.py <address> <owner> <file>")
    address, owner, path = sys.argv[1:]
    with connect(address, os.environ["TLS_CA"], os.environ["TLS_CERT"], os.environ["TLS_KEY"]) as channel:
        files = Files(channel)
        file = upload(files, owner, path)
        print(f"{file.name} is {file.id}")
        wait_for_variant(files, owner, file.id, "thumbnail")
        target = f"{path}.thumbnail.jpg"
        download(files, owner, file.id, "thumbnail", target)
        print(f"its thumbnail is in {target}")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
