#!/bin/sh
# Install locks with hashes into a virtual environment without pip: install.sh VENV REQUIREMENTS…
# Packages named in /tmp/omit.txt, if there is one, are left out of the locks.
# Runs in the first stage of every image. A pip configuration and a CA bundle may be mounted as build secrets
# (images/build.sh does); nothing of them, and no cache, reaches the image.
set -eu

venv=$1
shift

if [ -s /run/secrets/pip.conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip.conf; fi
if [ -s /run/secrets/ca.pem ]; then export PIP_CERT=/run/secrets/ca.pem; fi

python3 -m venv /opt/installer
python3 -m venv --without-pip "$venv"
for lock in "$@"; do
    requirements=/tmp/installed-$(basename "$lock")
    touch /tmp/omit.txt
    # A requirement is the line with its name and the indented lines of hashes after it.
    awk 'FILENAME == ARGV[1] { if ($1 !~ /^#/ && NF) omitted[$1]; next }
         /^[A-Za-z0-9]/ { split($0, name, "=="); keep = !(name[1] in omitted) }
         keep || /^#/' /tmp/omit.txt "$lock" >"$requirements"
    # Wheels only: a source distribution would need a compiler, and would run its setup.
    /opt/installer/bin/pip --python "$venv/bin/python" install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --no-deps --requirement "$requirements"
done

# What wheels carry and Python does not load: tests of the packages, headers, sources of extensions, Arrow's Flight RPC
# (36 MB) and the C library beside ONNX Runtime's own extension module (29 MB).
packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for folder in numpy pandas pyarrow scipy sklearn xgboost onnx onnxruntime imblearn statsmodels; do
    if [ -d "$packages/$folder" ]; then
        find "$packages/$folder" -type d -name tests -prune -exec rm -rf {} +
        find "$packages/$folder" \( -name '*.pxd' -o -name '*.pyx' -o -name '*.pxi' -o -name '*.a' \) -delete
    fi
done
rm -rf "$packages/pyarrow/include" "$packages/numpy/_core/include" "$packages"/onnxruntime/capi/libonnxruntime.so.*
rm -f "$packages"/pyarrow/*_flight*.so* "$packages"/pyarrow/_pyarrow_cpp_tests*
# Three names of one library, which a wheel cannot hold as links.
for library in "$packages"/pyarrow/libarrow_python*.so; do
    for other in "$library".*; do
        if [ -f "$other" ] && cmp -s "$library" "$other"; then ln -sf "$(basename "$library")" "$other"; fi
    done
done
