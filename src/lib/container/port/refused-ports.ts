import {FailedError} from '../../error/keg-error.js'

/** `127.0.0.1:8080`, `:::8080`, `port 8080`, or followed by the container's port `0.0.0.0:8080:172.17.0.2:80/tcp`. */
const HOST_PORT = /(?:port |:)([1-9]\d{0,4})(?::(?:[\d.]+|\[[^\]]*\]):\d+)?(?:\/(tcp|udp))?(?=[\s:,]|$)/g

/** The host ports (`8080/tcp`) in an error about publishing them. */
export function refusedPorts(refusal: string): string[] {
  return [
    ...new Set(Array.from(refusal.matchAll(HOST_PORT), ([, port = '', protocol = 'tcp']) => `${port}/${protocol}`)),
  ]
}

/** The error when ports are still refused after all attempts. @param refusal message of the engine or compose */
export function portTaken(refusal: string, cause: unknown): FailedError {
  return new FailedError(`A port to publish is taken: ${refusal}`, {
    code: 'port-taken',
    hint: 'Give another one with -p HOST:CONTAINER, or leave the host out: then keg finds a free one.',
    cause,
  })
}
