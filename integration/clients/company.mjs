// A company's login that is not ours: oidc-provider, as npm has it, with its own pages for signing in and for consent.
//
//   node company.mjs MODULES PORT SECRET [CALLBACK]
//
// MODULES is the folder that holds node_modules. The issuer is http://localhost:PORT. It says "ready", then what happens,
// line by line: "prompt CLIENT NAME" for a page that a person sees, "grant CLIENT" for tokens that were given out.
//
// It takes any password, and knows everybody but `nobody`. The address of `unverified` is not verified, and that of `guest`
// is of another domain.
//
// The application `sigstore` is public: no secret, PKCE. The application `sigstore-python` has SECRET, because
// sigstore-python authenticates with an empty secret if it has none, which this provider refuses; and its access tokens are
// JSON web tokens with the claims of a person, because that client presents the access token. With CALLBACK there is an
// application `sigstead` with SECRET, an issuer that sends its own people here.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, port, secret, callback] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'package.json'));
const { Provider } = require('oidc-provider');

const issuer = `http://localhost:${port}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), kid: 'company', use: 'sig', alg: 'RS256' };
const application = {
  application_type: 'native',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  redirect_uris: ['http://localhost/auth/callback', 'http://localhost'],
};
const issuers = callback ? [{ ...application, client_id: 'sigstead', client_secret: secret, redirect_uris: [callback] }] : [];
const domain = (sub) => (sub === 'guest' ? 'example.org' : 'example.com');
const person = (sub) => ({ sub, email: `${sub}@${domain(sub)}`, email_verified: sub !== 'unverified' });

const provider = new Provider(issuer, {
  clients: [
    { ...application, client_id: 'sigstore', token_endpoint_auth_method: 'none' },
    { ...application, client_id: 'sigstore-python', client_secret: secret },
    ...issuers,
  ],
  cookies: { keys: [randomUUID()] },
  jwks: { keys: [key] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  findAccount: (_, sub) => (sub === 'nobody' ? undefined : { accountId: sub, claims: () => person(sub) }),
  extraTokenClaims: (_, token) => {
    const { email, email_verified } = person(token.accountId);
    return { email, email_verified };
  },
  features: {
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, client) => (client.clientId === 'sigstore-python' ? `${issuer}/signing` : undefined),
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource, client) => ({
        scope: 'sign',
        audience: client.clientId,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

provider.on('interaction.started', (ctx, prompt) => console.log('prompt', ctx.oidc.client.clientId, prompt.name));
provider.on('grant.success', (ctx) => console.log('grant', ctx.oidc.client.clientId));
provider.on('grant.error', (ctx, error) => console.log('refused', error.message, error.error_description));
provider.on('server_error', (ctx, error) => console.log('failed', error));
provider.listen(Number(port), 'localhost', () => console.log('ready'));
