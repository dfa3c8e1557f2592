import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {rootCertificates} from 'node:tls'

/** Certificates for connections to one server, in PEM. */
export interface TlsCertificates {
  /** Undefined for Node's own list of authorities. */
  readonly ca?: readonly string[]
  /** keg's own certificate and key, if the server requires one. */
  readonly cert?: string
  readonly key?: string
}

/** Where docker keeps the certificates for private registries (https://docs.docker.com/engine/security/certificates/). */
const CERTIFICATES_FOLDER = '/etc/docker/certs.d'

/** The authorities that a system trusts, which Node 20 does not read (crypto/x509/root_linux.go has the same list). */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/**
 * The certificates for a server: those that docker would use for it, besides Node's own authorities and those in
 * NODE_EXTRA_CA_CERTS and SSL_CERT_FILE.
 * @param host `host[:port]`
 */
export async function trustedCertificates(
  host: string,
  environment: NodeJS.ProcessEnv,
  folder = CERTIFICATES_FOLDER,
): Promise<TlsCertificates> {
  const {NODE_EXTRA_CA_CERTS, SSL_CERT_FILE} = environment
  const [system, extra, own] = await Promise.all([
    firstFile(SSL_CERT_FILE ? [SSL_CERT_FILE] : SYSTEM_FILES),
    firstFile(NODE_EXTRA_CA_CERTS ? [NODE_EXTRA_CA_CERTS] : []),
    certificatesIn(join(folder, host)),
  ])
  const {authorities, ...client} = own
  const ca = [...system, ...extra, ...authorities]
  return {...(ca.length > 0 && {ca: [...rootCertificates, ...ca]}), ...client}
}

/** The files of a registry's folder: `*.crt` are authorities, `NAME.cert` and `NAME.key` are for the client. */
async function certificatesIn(
  folder: string,
): Promise<{readonly authorities: readonly string[]} & Pick<TlsCertificates, 'cert' | 'key'>> {
  const names: readonly string[] = await readdir(folder).catch(() => [])
  const read = (name: string): Promise<string | undefined> => readText(join(folder, name))
  const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read))
  const certificate = names.find((name) => name.endsWith('.cert') && names.includes(keyOf(name)))
  const [cert, key] = certificate === undefined ? [] : await Promise.all([read(certificate), read(keyOf(certificate))])
  return {
    authorities: authorities.filter((text) => text !== undefined),
    ...(cert !== undefined && key !== undefined && {cert, key}),
  }
}

function keyOf(certificate: string): string {
  return certificate.replace(/cert$/, 'key')
}

async function firstFile(paths: readonly string[]): Promise<readonly string[]> {
  for (const path of paths) {
    const text = await readText(path)
    if (text !== undefined) return [text]
  }
  return []
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}
