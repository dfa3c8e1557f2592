import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {MissingError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {printable} from '../terminal/text.js'

/** The files of a TLS connection, as PEM. */
export interface TlsMaterial {
  /** The authority that signed the engine's certificate; without it, those that the system trusts. */
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  /** Whether to accept any certificate of the engine. */
  readonly skipVerify: boolean
}

/**
 * Reads ca.pem, cert.pem and key.pem of a folder, and checks that they fit together. A certificate or a key without the
 * other is ignored, as in the docker client.
 * @param caRequired whether ca.pem must exist (with the environment it must, in a context not)
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
      throw tlsMaterialError(`${printable(file)} cannot be read`, error)
    }
  }
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
  const material = {skipVerify, ...(ca && {ca}), ...(cert && key && {cert, key})}
  await check(material, folder)
  return material
}

/** Node would take a ca.pem without a certificate for an empty list, and its other errors are those of OpenSSL. */
async function check({ca, cert, key}: TlsMaterial, folder: string): Promise<void> {
  const {createSecureContext} = await import('node:tls')
  const {createPrivateKey, X509Certificate} = await import('node:crypto')
  const attempt = (name: string, problem: string, action: () => unknown): void => {
    try {
      action()
    } catch (error) {
      throw tlsMaterialError(`${printable(join(folder, name))} ${problem}`, error)
    }
  }
  if (ca) attempt('ca.pem', 'holds no certificate', () => new X509Certificate(ca))
  if (!cert || !key) return
  attempt('cert.pem', 'holds no certificate', () => new X509Certificate(cert))
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(key.toString('latin1')))
    throw tlsMaterialError(`${printable(join(folder, 'key.pem'))} is encrypted, and keg cannot ask for its passphrase`)
  attempt('key.pem', 'holds no private key', () => createPrivateKey(key))
  attempt('key.pem', 'does not belong to cert.pem', () => createSecureContext({cert, key}))
}

function tlsMaterialError(problem: string, cause?: unknown): MissingError {
  return new MissingError(`The engine cannot be reached with TLS: ${problem}.`, {
    code: 'engine-tls',
    hint: 'TLS needs the files ca.pem, cert.pem and key.pem of the engine, in the folder DOCKER_CERT_PATH or in the docker context.',
    cause,
  })
}
