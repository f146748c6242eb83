import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import type { EngineKind, Ground, RunToEnd } from './engine.ts';
import { program, required } from './find.ts';
import { freshName, withPath } from './names.ts';

/** MySQL, or MariaDB where there is no MySQL. */
export const mysql: EngineKind = {
  name: 'mysql',
  variable: 'TEST_MYSQL_URL',
  packages: ['mariadb-server'],
  missing: () => (program('mariadbd', 'mysqld') ? undefined : 'no mysqld or mariadbd found'),
  recipe: (ground) => {
    const { folder, host, args } = ground;
    const url = `mysql://holdfast:holdfast@${host}:${ground.port('mysql')}/holdfast`;
    return {
      url,
      async prepare(run) {
        await initialize(ground, run);
        await writeFile(join(folder, 'init.sql'), INIT.join('\n'));
      },
      daemons: [{ command: server(), args: [...settings(ground), ...args] }],
      answers: () => onServer(url, (connection) => connection.query('SELECT 1')),
    };
  },
  async place(url) {
    const name = freshName();
    await onServer(url, (connection) => connection.query(`CREATE DATABASE ${name}`));
    return {
      url: withPath(url, name),
      stop: () => onServer(url, (connection) => connection.query(`DROP DATABASE IF EXISTS ${name}`)),
    };
  },
};

/** One statement a line. */
const INIT = [
  'CREATE DATABASE IF NOT EXISTS holdfast;',
  "CREATE USER IF NOT EXISTS 'holdfast'@'%' IDENTIFIED BY 'holdfast';",
  "GRANT ALL PRIVILEGES ON *.* TO 'holdfast'@'%' WITH GRANT OPTION;",
];

const server = () => required('mysqld', 'mariadbd');
/** Debian has MariaDB also under the name of MySQL. */
const isMariaDb = () => program('mariadbd') !== undefined;

const common = ({ folder }: Ground) => [
  '--no-defaults',
  `--datadir=${join(folder, 'data')}`,
  ...(process.getuid?.() === 0 ? ['--user=root'] : []),
];

async function initialize(ground: Ground, run: RunToEnd) {
  if (!isMariaDb()) return run(server(), [...common(ground), '--initialize-insecure']);
  const quick = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  return run(required('mariadb-install-db', 'mysql_install_db'), [...common(ground), ...quick]);
}

/** Commits are still there after a kill of the server, though not of the machine. Strings compare as people do. */
const settings = (ground: Ground) => [
  ...common(ground),
  `--bind-address=${ground.host}`,
  `--port=${ground.port('mysql')}`,
  `--socket=${join(ground.folder, 'socket')}`,
  `--pid-file=${join(ground.folder, 'pid')}`,
  `--init-file=${join(ground.folder, 'init.sql')}`,
  '--character-set-server=utf8mb4',
  '--collation-server=utf8mb4_general_ci',
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-doublewrite=0',
  '--innodb-buffer-pool-size=64M',
  '--innodb-fast-shutdown=2',
  '--max-connections=300',
  '--skip-name-resolve',
  '--skip-log-bin',
  '--loose-performance-schema=OFF',
  '--loose-innodb-log-file-size=48M',
  '--loose-mysqlx=OFF',
];

async function onServer(url: string, act: (connection: Connection) => Promise<unknown>): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  connection.on('error', () => {});
  try {
    await act(connection);
  } finally {
    await connection.end();
  }
}
