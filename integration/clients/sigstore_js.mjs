// Signs and verifies with sigstore-js.
//
//   node sigstore_js.mjs MODULES VERB OPTIONS-FILE
//
// MODULES is the folder that holds node_modules, VERB is sign, attest, sign-v1, attest-v1 or verify, and OPTIONS-FILE is
// JSON: artifact, bundle, token, fulcio, rekor, tsa, signingConfig, mirror, root, cache, issuer, ctLogThreshold (of verify),
// and identity (an address) or identityUri. With trustedRoot, a file, it follows no repository.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, verb, file] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'package.json'));
const sigstore = require('sigstore');
const options = JSON.parse(readFileSync(file, 'utf8'));
const artifact = readFileSync(options.artifact);
const type = 'application/vnd.in-toto+json';

// The façade of the package knows Rekor v1 only.
const facade = { fulcioURL: options.fulcio, rekorURL: options.rekor, identityToken: options.token };

function builder(bundleType) {
  const { bundleBuilderFromSigningConfig } = require('@sigstore/sign');
  const { SigningConfig } = require('@sigstore/protobuf-specs');
  return bundleBuilderFromSigningConfig({
    signingConfig: SigningConfig.fromJSON(JSON.parse(readFileSync(options.signingConfig, 'utf8'))),
    identityProvider: { getToken: async () => options.token },
    bundleType,
  });
}

// The façade follows a repository and reads no file of trust.
function verifyWithFile(bundle, isEnvelope) {
  const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');
  const { TrustedRoot } = require('@sigstore/protobuf-specs');
  const { bundleFromJSON } = require('@sigstore/bundle');
  const root = TrustedRoot.fromJSON(JSON.parse(readFileSync(options.trustedRoot, 'utf8')));
  const entity = toSignedEntity(bundleFromJSON(bundle), isEnvelope ? undefined : artifact);
  // It reads the identity as a pattern.
  const identity = options.identity.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const policy = { subjectAlternativeName: `^${identity}$`, extensions: { issuer: options.issuer } };
  new Verifier(toTrustMaterial(root), { ctlogThreshold: options.ctLogThreshold }).verify(entity, policy);
}

async function run() {
  const { bundleToJSON } = require('@sigstore/bundle');
  switch (verb) {
    case 'sign':
      return bundleToJSON(await builder('messageSignature').create({ data: artifact }));
    case 'attest':
      return bundleToJSON(await builder('dsseEnvelope').create({ data: artifact, type }));
    case 'sign-v1':
      return sigstore.sign(artifact, { ...facade, tsaServerURL: options.tsa });
    case 'attest-v1':
      return sigstore.attest(artifact, type, { ...facade, tsaServerURL: options.tsa, legacyCompatibility: options.legacy });
    case 'verify': {
      const bundle = JSON.parse(readFileSync(options.bundle, 'utf8'));
      const isEnvelope = bundle.dsseEnvelope !== undefined;
      if (options.trustedRoot) return verifyWithFile(bundle, isEnvelope);
      const policy = {
        tufMirrorURL: options.mirror,
        tufRootPath: options.root,
        tufCachePath: options.cache,
        ctLogThreshold: options.ctLogThreshold,
        certificateIdentityEmail: options.identity ?? undefined,
        certificateIdentityURI: options.identityUri,
        certificateIssuer: options.issuer,
      };
      return isEnvelope ? sigstore.verify(bundle, policy) : sigstore.verify(bundle, artifact, policy);
    }
    default:
      throw new Error(`unknown verb ${verb}`);
  }
}

const bundle = await run();
if (verb !== 'verify') writeFileSync(options.bundle, JSON.stringify(bundle));
