#!/bin/sh
# Makes the certificates of the tests anew, valid from 2020 to 2120:
#
#   ca.pem        the authority that the tests trust; its key is thrown away
#   other_ca.pem  an authority that has signed nothing
#   server.*      localhost, 127.0.0.1 and ::1
#   named.*       example.test alone, so no address that a test connects to
#   client.*      a client
#
#   sh tests/certs/make.sh

set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
touch "$work/index"

cat > "$work/config" << CONFIG
[ca]
default_ca = default
[default]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = policy
[policy]
commonName = supplied
CONFIG

request() { # name
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
  openssl req -new -key "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"
}

sign() { # name, extensions, options of who signs
  name=$1
  printf "$2" > "$work/extensions"
  shift 2
  openssl ca -batch -notext -config "$work/config" -extfile "$work/extensions" \
    -startdate 20200101000000Z -enddate 21200101000000Z \
    -in "$work/$name.csr" -out "$name.pem" "$@"
}

authority() { # name
  request "$1"
  sign "$1" 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' \
    -selfsign -keyfile "$work/$1.key"
}

leaf() { # name, usage, names
  request "$1"
  cp "$work/$1.key" .
  sign "$1" "keyUsage=critical,digitalSignature\nextendedKeyUsage=$2\nsubjectAltName=$3\n" \
    -cert ca.pem -keyfile "$work/ca.key"
}

authority ca
authority other_ca
leaf server serverAuth DNS:localhost,IP:127.0.0.1,IP:::1
leaf named serverAuth DNS:example.test
leaf client clientAuth DNS:client.test
