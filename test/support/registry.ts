/** What a registry itself answers, without keg or an engine. */

/** If a request does not accept the type that a registry has, it answers as if the tag did not exist. */
const mediaTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ')

/** The manifest of an image. */
export interface Manifest {
  config: {digest: string}
  layers: {digest: string; size: number}[]
}

/** What a registry answers for a tag: https://distribution.github.io/distribution/spec/api/#pulling-an-image-manifest */
export async function manifestOf(
  host: string,
  repository: string,
  tag: string,
  headers: Record<string, string> = {},
): Promise<{digest: string | null; manifest: Manifest; status: number}> {
  const url = `http://${host}/v2/${repository}/manifests/${tag}`
  const answer = await fetch(url, {headers: {Accept: mediaTypes, ...headers}})
  const manifest = (await answer.json()) as Manifest
  return {digest: answer.headers.get('docker-content-digest'), manifest, status: answer.status}
}
