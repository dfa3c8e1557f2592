import {expect} from 'chai'
import {secretCandidate, secretReason} from '../../../../src/lib/package/secret/secret-files.js'

function reasonFor(path: string, text: string | undefined, ...otherPaths: string[]): string | undefined {
  const candidate = secretCandidate([path, ...otherPaths])
  return candidate && secretReason(candidate, text)
}

// In parts, so that this file is not reported as one with a key.
const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END-----\n`
const PEM = `-----BEGIN PRIVATE KEY-----\nabc\n`

describe('file with credentials', () => {
  const table: [path: string, text: string][] = [
    ['/app/.env', 'MODE=review\nAPI_TOKEN=do-not-ship-4711\n'],
    ['/app/.env', 'export DB_PASSWORD="hunter2" # of the test system\r\n'],
    ['/app/.env', 'DATABASE_URL=postgres://shop:hunter2@db/shop'],
    ['/app/.env', 'STRIPE_KEY=abc'],
    ['/app/.env', 'AWS_ACCESS_KEY_ID=ABCDEF'],
    ['/app/.env', 'SECRET_KEY_BASE=abc0815'],
    ['/app/.env', 'DB_PASS=12345'],
    ['/app/.env', `X=ghp_${'a'.repeat(36)}`],
    ['/app/.env.local', 'SESSION_SECRET=abc'],
    ['/app/.env.production', 'JWT_SECRET: abc'],
    ['/app/prod.env', 'TOKEN=abc'],
    ['/app/.envrc', 'export GITHUB_TOKEN=abc'],
    ['/app/.flaskenv', 'SECRET_KEY=abc'],
    ['/app/.dev.vars', 'API_TOKEN=abc'],
    ['/app/.env~', 'TOKEN=abc'],
    ['/app/prod.env.bak', 'TOKEN=abc'],
    ['/app/server.key.old', PEM],
    ['/root/id_rsa.bak', KEY],
    ['/etc/wireguard/wg0.conf', '[Interface]\nPrivateKey = abcdef='],
    ['/root/.config/sops/age/keys.txt', '# public key: age1x\nAGE-SECRET-KEY-1ABC'],
    ['/app/.vault_pass', 'hunter2'],
    ['/app/bunfig.toml', '"@acme" = { token = "abc" }'],
    ['/app/.bundle/config', '---\nBUNDLE_GEMS__EXAMPLE__COM: "ada:hunter2"'],
    ['/app/.npmrc', '//registry.example.com/:_authToken=abc'],
    ['/app/.npmrc', '_auth = abc'],
    ['/app/.yarnrc.yml', 'npmAuthToken: "abc"'],
    ['/root/.pypirc', '[pypi]\nusername = a\npassword = b'],
    ['/root/.netrc', 'machine x login y password z'],
    ['/root/.git-credentials', 'https://a:b@example.com'],
    ['/app/.git/config', '[remote "origin"]\n\turl = https://ada:hunter2@example.com/x.git'],
    ['/app/.git/config', `url = https://ghp_${'a'.repeat(36)}@github.com/x`],
    ['/app/.git/config', 'extraheader = AUTHORIZATION: basic abc'],
    ['/app/.git/modules/lib/config', 'url = https://ada:hunter2@example.com/x.git'],
    ['/root/.docker/config.json', '{"auths": {"x": {"auth": "YTpi"}}}'],
    ['/root/.aws/credentials', 'aws_secret_access_key = abc'],
    ['/root/.kube/config', 'users:\n- user:\n    token: abc'],
    ['/app/kubeconfig.yaml', 'client-key-data: abc'],
    ['/root/.config/gcloud/application_default_credentials.json', '{}'],
    ['/root/.azure/msal_token_cache.json', '{}'],
    ['/root/.config/gh/hosts.yml', 'oauth_token: abc'],
    ['/root/.ssh/work', KEY],
    ['/root/id_ed25519', KEY],
    ['/app/server.key', PEM],
    ['/app/tls.pem', `-----BEGIN CERTIFICATE-----\n${PEM}`],
    ['/app/key.ppk', 'PuTTY-User-Key-File-3: ssh-ed25519'],
    ['/app/config/master.key', '0123456789abcdef0123456789abcdef'],
    ['/app/release.p12', ''],
    ['/app/upload.keystore', ''],
    ['/app/passwords.kdbx', ''],
    ['/app/.htpasswd', 'ada:$apr1$x'],
    ['/root/.pgpass', 'db:5432:shop:ada:hunter2'],
    ['/app/terraform.tfstate', '{"resources": [{"password": "hunter2"}]}'],
    ['/app/prod.tfvars', 'db_password = "hunter2"'],
    ['/app/account.json', `{"type": "service_account", "private_key": "${PEM}"}`],
    ['/app/config/secrets.yml', 'production:\n  secret_key_base: abcdef'],
    ['/root/.m2/settings.xml', '<password>hunter2</password>'],
    ['/root/.composer/auth.json', '{"http-basic": {"x": {"password": "y"}}}'],
    ['/root/.vault-token', 'abc'],
    ['/app/secrets/db_password.txt', 'hunter2\n'],
    ['/app/db_password.txt', 'hunter2'],
    ['/app/.secrets/api', 'abcdef'],
  ]
  for (const [path, text] of table)
    it(`${path}: ${JSON.stringify(text.slice(0, 60))}`, () => {
      expect(reasonFor(path, text)).to.be.a('string')
    })

  it('is also recognized by its name on the host', () => {
    expect(reasonFor('/etc/app/key', KEY)).to.equal(undefined)
    expect(reasonFor('/etc/app/key', KEY, '/srv/deploy/id_rsa')).to.be.a('string')
  })
})

describe('file without credentials', () => {
  const table: [path: string, text: string | undefined][] = [
    ['/app/.env', 'MODE=review\n'],
    ['/app/.env.example~', 'TOKEN=abc'],
    ['/app/wg.conf', 'PublicKey = abc='],
    ['/app/keys.txt', 'a list of keys'],
    ['/app/bunfig.toml', '"@acme" = { token = "$TOKEN" }'],
    ['/app/.bundle/config', 'BUNDLE_PATH: "vendor"\nBUNDLE_MIRROR__X: "https://x.example"'],
    ['/app/.env', ''],
    ['/app/.env', 'API_TOKEN=\nDB_PASSWORD=""\nSECRET=changeme\nX_KEY=${OTHER}\nY_TOKEN=<your token>\n# TOKEN=abc'],
    [
      '/app/.env',
      'TOKEN_TTL=3600\nCACHE_KEY_PREFIX=shop\nSECRET_NAME=db\nPASSWORD_FILE=/run/secrets/db\nUSE_TOKEN=true',
    ],
    ['/app/.env', 'NEXT_PUBLIC_STRIPE_KEY=pk\nKEYBOARD=de\nPASSPORT=1\nAUTHOR=ada\nPWD=/app\nMONKEY_ISLAND=1'],
    ['/app/.env', 'DATABASE_URL=postgres://shop:${DB_PASSWORD}@db/shop\nREDIS=redis://cache:6379/0'],
    ['/app/.env.example', 'API_TOKEN=abc'],
    ['/app/.env.sample', 'API_TOKEN=abc'],
    ['/app/.env.local.template', 'API_TOKEN=abc'],
    ['/app/.env.dist', 'API_TOKEN=abc'],
    ['/app/environment.ts', 'const TOKEN = "abc"'],
    ['/app/.npmrc', 'registry=https://registry.example.com/'],
    ['/app/.npmrc', '//registry.example.com/:_authToken=${NPM_TOKEN}'],
    ['/app/.git/config', '[remote "origin"]\n\turl = git@example.com:x.git\n\turl = https://ada@example.com/x.git'],
    ['/app/.docker/config.json', '{"auths": {}}'],
    ['/app/.docker/php.ini', 'password=1'],
    ['/app/server.pem', '-----BEGIN CERTIFICATE-----'],
    ['/app/messages.key', 'plain'],
    ['/app/large.pem', undefined],
    ['/root/.ssh/known_hosts', 'github.com ssh-ed25519 AAAA'],
    ['/root/.ssh/id_rsa.pub', 'ssh-rsa AAAA'],
    ['/app/node_modules/x/test/server.key', PEM],
    ['/usr/lib/python3/dist-packages/x/test.pem', PEM],
    ['/app/android/debug.keystore', ''],
    ['/app/truststore.jks', ''],
    ['/app/package.json', '{"type": "module"}'],
    ['/app/config/secrets.yml', 'production:\n  secret_key_base: <%= ENV["SECRET_KEY_BASE"] %>'],
    ['/app/src/secrets/index.ts', 'hunter2'],
    ['/app/secrets/README', 'Put the secrets here.'],
    ['/etc/passwd', 'root:x:0:0:root:/root:/bin/sh'],
    ['/app/token', 'a program of several words\n'],
  ]
  for (const [path, text] of table)
    it(`${path}: ${JSON.stringify(text?.slice(0, 60))}`, () => {
      expect(reasonFor(path, text)).to.equal(undefined)
    })
})
