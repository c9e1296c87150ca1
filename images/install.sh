#!/bin/sh
# Install locks with hashes into a virtual environment without pip: install.sh VENV REQUIREMENTS…
# Runs in the first stage of every image. A pip configuration and a CA bundle may be mounted as build secrets
# (images/build.sh does); nothing of them, and no cache, reaches the image.
set -eu

venv=$1
shift

if [ -s /run/secrets/pip.conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip.conf; fi
if [ -s /run/secrets/ca.pem ]; then export PIP_CERT=/run/secrets/ca.pem; fi

python3 -m venv /opt/installer
python3 -m venv --without-pip "$venv"
for requirements in "$@"; do
    # Wheels only: a source distribution would need a compiler, and would run its setup.
    /opt/installer/bin/pip --python "$venv/bin/python" install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --no-deps --requirement "$requirements"
done

# What wheels carry and nothing loads: tests of the packages, headers, sources of extensions, debugging symbols' names.
packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for folder in numpy pandas pyarrow scipy sklearn xgboost onnx onnxruntime imblearn statsmodels; do
    if [ -d "$packages/$folder" ]; then
        find "$packages/$folder" -type d -name tests -prune -exec rm -rf {} +
        find "$packages/$folder" \( -name '*.pxd' -o -name '*.pyx' -o -name '*.pxi' -o -name '*.a' \) -delete
    fi
done
rm -rf "$packages/pyarrow/include" "$packages/numpy/_core/include"
