// The TUF client of sigstore-js refreshes the instance's repository from its root and downloads the trusted root.
//
//   node tuf_client.mjs MODULES URL ROOT.json CACHE [remember]
//
// MODULES is the folder that holds node_modules. It begins again with the root, unless it is to remember what it found.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, mirrorURL, rootPath, cachePath, memory] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'package.json'));
const { getTrustedRoot } = createRequire(require.resolve('sigstore'))('@sigstore/tuf');
const trusted = await getTrustedRoot({ mirrorURL, rootPath, cachePath, forceInit: memory !== 'remember' });
if (trusted.certificateAuthorities.length === 0) {
  throw new Error('the trusted root names no certificate authority');
}
