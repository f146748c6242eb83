import { Command } from 'commander';
import { version } from '../app/version.ts';

export const versionCommand = (): Command =>
  new Command('version')
    .description('Print the version of Holdfast and of Node.js.')
    .action(() => console.log(`holdfast ${version} (Node.js ${process.versions.node})`));
