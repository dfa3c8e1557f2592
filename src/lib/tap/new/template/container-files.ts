import type {NewTapFacts} from './new-file.js'

/** Needs nothing of the network but the base image, and no BuildKit. */
export function dockerfile({baseImage, port}: NewTapFacts): string {
  return `# KEG_BASE_IMAGE of values.yml, or any other image with a shell.
ARG KEG_BASE_IMAGE=${baseImage}
FROM $KEG_BASE_IMAGE
USER 0:0

# Somebody to be and somewhere to live, for images that come without: the sync works as the user of the container.
RUN mkdir -p /etc /root /tmp && chmod 1777 /tmp && \\
    if ! grep -qs '^root:' /etc/passwd; then echo 'root:x:0:0:root:/root:/bin/sh' >>/etc/passwd; fi && \\
    if ! grep -qs '^root:' /etc/group; then echo 'root:x:0:' >>/etc/group; fi

# A plain \`docker build\` takes these; keg says what values.yml does.
ARG DOC_APP_PATH=/app
ARG KEG_PROXY_PORT=${port}
ENV DOC_APP_PATH=$DOC_APP_PATH KEG_PROXY_PORT=$KEG_PROXY_PORT

WORKDIR $DOC_APP_PATH
COPY . .
EXPOSE $KEG_PROXY_PORT
CMD ["sh", "container/run.sh"]
`
}

export function composeFile({name}: NewTapFacts): string {
  return `# Only what this app adds. keg says which image is run, and gives names, ports, labels and networks, for each branch its own.
# A database is another service here, and a volume stands under volumes, as in every compose file.
services:
  ${yamlKey(name)}:
    environment:
      # Handed on from values.yml.
      - DOC_APP_PATH
      - KEG_EXEC_CMD
      - KEG_PROXY_PORT
      - NODE_ENV
`
}

export function valuesFile({baseImage, image, port}: NewTapFacts): string {
  return `# Values of this tap, for its Dockerfile, its compose file and keg. values-<environment>.yml stands above this file, and the
# shell above both: keg tap env --explain shows each value with where it comes from.
env:
  # The image that the Dockerfile builds on.
  KEG_BASE_IMAGE: ${baseImage}

  # The image that is run. Without a registry in its name it is built on this machine; with one, as in ghcr.io/acme/shop:develop,
  # the newest is pulled at each start.
  KEG_IMAGE_FROM: ${image}

  # Where the app is in the container: this folder is synced with it.
  DOC_APP_PATH: /app

  # Port in the container that the app listens on.
  KEG_PROXY_PORT: ${port}

  # What container/run.sh starts: put your own server here, such as npm run dev.
  KEG_EXEC_CMD: httpd -f -v -p {{ envs.KEG_PROXY_PORT }} -h page

# Run in the container by keg tap exec; tap:build is also run before a package is made.
actions:
  tap:
    build:
      cmds:
        - test -s page/index.html
`
}

export function mutagenFile({name}: NewTapFacts): string {
  return `# How this folder is synced with the container, in the words of Mutagen.
sync:
  ${yamlKey(name)}:
    # What changes on one side comes over to the other, and nothing is lost where both have changed.
    mode: two-way-safe
    # These are left out beside node_modules and what .gitignore names.
    mergeDefault: true
    ignore:
      vcs: true
      paths:
        - /.env
`
}

export function runScript({port}: NewTapFacts): string {
  return `#!/bin/sh
# What the container runs. keg starts it idle, brings the code over, and runs this script in it once more with
# KEG_DOCKER_EXEC set; a package of the container is run with that set, too.
set -eu

if [ -z "\${KEG_DOCKER_EXEC:-}" ]; then
  set -- tail -f /dev/null
else
  cd "\${DOC_APP_PATH:-/app}"
  set -- sh -c "\${KEG_EXEC_CMD:-httpd -f -v -p \${KEG_PROXY_PORT:-${port}} -h page}"
fi

# The first process of a container ends on SIGTERM only when it says so itself, which few programs do.
if [ $$ -ne 1 ]; then exec "$@"; fi
"$@" &
trap "kill $!" TERM INT
wait $!
`
}

/** YAML takes some words for yes, no or nothing. */
function yamlKey(name: string): string {
  return /^(?:true|false|null|yes|no|on|off|y|n)$/.test(name) ? `'${name}'` : name
}
