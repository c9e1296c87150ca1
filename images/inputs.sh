#!/usr/bin/env bash
# Print the files and folders that an image is made of, one a line: images/inputs.sh ROLE
# They are what its Dockerfile copies, the Dockerfile's folder, and what every build reads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

role=${1:?images/inputs.sh ROLE}
[[ -f images/$role/Dockerfile ]] || { echo "images/inputs.sh: no image '$role'" >&2; exit 1; }
awk '$1 == "COPY" && $2 !~ /^--/ { for (i = 2; i < NF; i++) print $i }' "images/$role/Dockerfile"
printf '%s\n' "images/$role" images/build.sh images/versions.env
