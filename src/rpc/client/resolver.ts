import { type ChannelOptions, experimental } from '@grpc/grpc-js';
import { type Address, formatAddress } from '../../base/address.ts';

type GrpcUri = experimental.GrpcUri;
type Resolver = experimental.Resolver;
type Found = Parameters<experimental.ResolverListener>[0];

const SCHEME = 'holdfast';

/** A target of gRPC that stands for all instances of a service, which is also the name that TLS asks for (SNI). */
export const targetOf = (service: string, addresses: readonly Address[]): string =>
  `${SCHEME}://${service}/${addresses.map(formatAddress).join(',')}`;

/** Milliseconds between looks at DNS while connections hold, so that instances that were added are found. */
const LOOK_EVERY = 30_000;

/**
 * Several hosts at once: gRPC's own resolvers know one name, or several IP addresses. Each name is looked up by gRPC's
 * resolver for DNS; one that cannot be found leaves the others as they are.
 */
class HostsResolver implements Resolver {
  readonly #listener: experimental.ResolverListener;
  readonly #hosts: { readonly resolver: Resolver; found: Found | undefined }[];
  #told = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(target: GrpcUri, listener: experimental.ResolverListener, options: ChannelOptions) {
    this.#listener = listener;
    this.#hosts = target.path.split(',').map((path) => {
      const host: { resolver: Resolver; found: Found | undefined } = {
        resolver: experimental.createResolver(
          { scheme: 'dns', authority: undefined, path } as never,
          (found) => {
            // What was found before holds until there is something better.
            if (found.ok || !host.found?.ok) host.found = found;
            return this.#tell();
          },
          options,
        ),
        found: undefined,
      };
      return host;
    });
  }

  static getDefaultAuthority({ authority }: GrpcUri): string {
    return authority ?? SCHEME;
  }

  updateResolution(): void {
    for (const { resolver } of this.#hosts) resolver.updateResolution();
    this.#timer ??= setInterval(() => this.updateResolution(), LOOK_EVERY).unref();
  }

  destroy(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#told = '';
    for (const host of this.#hosts) {
      host.resolver.destroy();
      host.found = undefined;
    }
  }

  #tell(): boolean {
    const endpoints = this.#hosts.flatMap(({ found }) => (found?.ok ? found.value : []));
    if (endpoints.length === 0) {
      const failed = this.#hosts.find(({ found }) => found && !found.ok)?.found;
      const allFailed = this.#hosts.every(({ found }) => found);
      return failed && allFailed ? this.#listener(failed, {}, null, '') : true;
    }
    const key = endpoints.map(experimental.endpointToString).sort().join();
    if (key === this.#told) return true;
    this.#told = key;
    return this.#listener(experimental.statusOrFromValue(endpoints), {}, null, '');
  }
}

experimental.registerResolver(SCHEME, HostsResolver);
