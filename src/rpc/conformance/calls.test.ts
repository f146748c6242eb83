import { throughTheWire } from '../in-process.ts';
import { everybody, TestMesh } from '../testing/mesh.ts';
import { EchoDefinition } from './echo.ts';
import { callsObeyTheLaws } from './laws.ts';

callsObeyTheLaws({
  name: 'in process',
  open: async (service) => ({ client: throughTheWire(EchoDefinition, service), close: async () => {} }),
});

callsObeyTheLaws({
  name: 'over gRPC with mutual TLS',
  async open(service) {
    const mesh = await TestMesh.open();
    const access = everybody(EchoDefinition, { gateway: { forwardsPrincipals: true } });
    const { port } = await mesh.serve('files', EchoDefinition, service, { access });
    const remote = await mesh.connect('gateway', 'files', [port]);
    return { client: remote.client(EchoDefinition), close: () => mesh.close() };
  },
});
