import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {MissingError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {printable} from '../terminal/text.js'

/** What a connection by TLS is made with, as PEM. */
export interface TlsMaterial {
  /** Who signed the engine's certificate; without it, those whom the system trusts. */
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  /** Whether any certificate of the engine will do. */
  readonly skipVerify: boolean
}

/**
 * Reads ca.pem, cert.pem and key.pem of a folder, and sees that they can be used together. A certificate or a key without
 * the other counts for nothing, as for the docker client.
 * @param caRequired whether ca.pem has to be there (by environment it has to, in a context not)
 * @throws MissingError `engine-tls` naming the file
 */
export async function readTlsMaterial(
  folder: string,
  {skipVerify, caRequired}: {skipVerify: boolean; caRequired: boolean},
): Promise<TlsMaterial> {
  const read = async (name: string): Promise<Buffer | undefined> => {
    const file = join(folder, name)
    try {
      return await readFile(file)
    } catch (error) {
      if (property(error, 'code') === 'ENOENT' && !(caRequired && name === 'ca.pem')) return undefined
      throw unusable(`${printable(file)} cannot be read`, error)
    }
  }
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
  const material = {skipVerify, ...(ca && {ca}), ...(cert && key && {cert, key})}
  await check(material, folder)
  return material
}

/** Node would take a ca.pem without a certificate for an empty list, and says of the rest what only OpenSSL understands. */
async function check({ca, cert, key}: TlsMaterial, folder: string): Promise<void> {
  const {createSecureContext} = await import('node:tls')
  const {createPrivateKey, X509Certificate} = await import('node:crypto')
  const attempt = (name: string, problem: string, action: () => unknown): void => {
    try {
      action()
    } catch (error) {
      throw unusable(`${printable(join(folder, name))} ${problem}`, error)
    }
  }
  if (ca) attempt('ca.pem', 'holds no certificate', () => new X509Certificate(ca))
  if (!cert || !key) return
  attempt('cert.pem', 'holds no certificate', () => new X509Certificate(cert))
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(key.toString('latin1')))
    throw unusable(`${printable(join(folder, 'key.pem'))} is encrypted, and keg cannot ask for its passphrase`)
  attempt('key.pem', 'holds no private key', () => createPrivateKey(key))
  attempt('key.pem', 'does not belong to cert.pem', () => createSecureContext({cert, key}))
}

function unusable(problem: string, cause?: unknown): MissingError {
  return new MissingError(`The engine cannot be reached by TLS: ${problem}.`, {
    code: 'engine-tls',
    hint: 'TLS needs the files ca.pem, cert.pem and key.pem of the engine, in the folder DOCKER_CERT_PATH or in the docker context.',
    cause,
  })
}
