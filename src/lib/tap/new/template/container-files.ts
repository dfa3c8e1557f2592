import type {NewTapFacts} from './new-file.js'

/** Needs only the base image from the network, and no BuildKit. */
export function dockerfile({baseImage, port}: NewTapFacts): string {
  return `# KEG_BASE_IMAGE of values.yml, or any other image with a shell.
ARG KEG_BASE_IMAGE=${baseImage}
FROM $KEG_BASE_IMAGE
USER 0:0

# A user and a home folder, for images without them: the sync works as the user of the container.
RUN mkdir -p /etc /root /tmp && chmod 1777 /tmp && \\
    if ! grep -qs '^root:' /etc/passwd; then echo 'root:x:0:0:root:/root:/bin/sh' >>/etc/passwd; fi && \\
    if ! grep -qs '^root:' /etc/group; then echo 'root:x:0:' >>/etc/group; fi

# A plain \`docker build\` uses these; keg passes what values.yml has.
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
  return `# Only what this app adds. keg sets the image, and the names, ports, labels and networks of each branch.
# A database is another service here, and a volume goes under volumes, as in every compose file.
services:
  ${yamlKey(name)}:
    environment:
      # Passed on from values.yml.
      - DOC_APP_PATH
      - KEG_EXEC_CMD
      - KEG_PROXY_PORT
      - NODE_ENV
`
}

export function valuesFile({baseImage, image, port}: NewTapFacts): string {
  return `# Values of this tap, for its Dockerfile, its compose file and keg. values-<environment>.yml overrides this file, and the
# shell overrides both: keg tap env --explain shows where each value comes from.
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
    # Changes are synced both ways, and nothing is lost if both sides have changed.
    mode: two-way-safe
    # These are ignored in addition to node_modules and what .gitignore names.
    mergeDefault: true
    ignore:
      vcs: true
      paths:
        - /.env
`
}

export function runScript({port}: NewTapFacts): string {
  return `#!/bin/sh
# What the container runs. keg starts it idle, syncs the code, and runs this script in it again with
# KEG_DOCKER_EXEC set; a package of the container is run with it set, too.
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

/** YAML reads some words as yes, no or nothing. */
function yamlKey(name: string): string {
  return /^(?:true|false|null|yes|no|on|off|y|n)$/.test(name) ? `'${name}'` : name
}
