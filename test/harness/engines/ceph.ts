import { join } from 'node:path';
import type { Ground } from './engine.ts';

/** One of each, without accounts among themselves, in no hurry but at the beginning. */
export const cephSettings = ({ folder, host, port }: Ground): Readonly<Record<string, string | number>> => ({
  mon_host: `v2:${host}:${port('monitor')}/0`,
  public_addr: host,
  cluster_addr: host,
  ms_bind_msgr1: 'false',
  ms_mon_client_mode: 'crc',
  auth_cluster_required: 'none',
  auth_service_required: 'none',
  auth_client_required: 'none',
  keyring: '/dev/null',
  run_dir: folder,
  admin_socket: '',
  log_file: join(folder, 'log', '$name.log'),
  crash_dir: join(folder, 'log'),
  // The monitor: one that agrees with itself at once.
  mon_data: join(folder, 'mon'),
  mon_cluster_log_file: join(folder, 'log', 'cluster.log'),
  mon_client_hunt_interval: 0.1,
  mon_tick_interval: 1,
  mon_osd_auto_mark_in: 'true',
  mon_allow_pool_size_one: 'true',
  mon_max_pg_per_osd: 1000,
  mon_data_avail_crit: 1,
  paxos_propose_interval: 0.01,
  paxos_min_wait: 0.01,
  // The store: one copy of everything, in memory.
  osd_data: join(folder, 'osd'),
  osd_objectstore: 'memstore',
  osd_pool_default_size: 1,
  osd_pool_default_pg_num: 1,
  osd_pool_default_pg_autoscale_mode: 'off',
  osd_crush_chooseleaf_type: 0,
  osd_crush_update_on_start: 'false',
  objecter_tick_interval: 0.2,
  memstore_device_bytes: 4 * 2 ** 30,
  // The gateway. What is deleted makes room within seconds and not hours.
  rgw_data: folder,
  // Without tcp_nodelay most answers come 40 ms late: their end waits for the acknowledgement of their beginning.
  rgw_frontends: `beast endpoint=${host}:${port('s3')} tcp_nodelay=1`,
  rgw_rados_pool_pg_num_min: 1,
  rgw_crypt_require_ssl: 'false',
  // A topic with a password is taken only over TLS; who makes one says that it is so.
  rgw_trust_forwarded_https: 'true',
  rgw_gc_obj_min_wait: 5,
  rgw_gc_processor_period: 5,
  rgw_gc_processor_max_time: 5,
});
