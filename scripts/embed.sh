#!/usr/bin/env bash
# Prints C++ that holds the files of the dashboard and the description of the API, as they are and compressed: scripts/embed.sh DIR OUT_DIR FILE...
# Compressed ones are written to OUT_DIR. One kind of files, http::PageFile (lb/http/page_files.h).
set -euo pipefail

from=$1 out=$2
shift 2
mkdir -p "$out"

type_of() {
  case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *.svg) echo image/svg+xml ;;
    *.json) echo application/json ;;
    *) echo 'text/plain; charset=utf-8' ;;
  esac
}
embed() { # SYMBOL FILE
  echo "asm(\".section .rodata\\n.global $1_begin\\n$1_begin: .incbin \\\"$2\\\"\\n.global $1_end\\n$1_end: .previous\");"
  echo "extern \"C\" const char $1_begin[], $1_end[];"
}

echo '#include "lb/http/page_files.h"'
rows=''
number=0
for file in "$@"; do
  path=${file#"$from"/}
  [[ $file == */openapi.json ]] && path=api/v1/openapi.json
  zipped=$out/$number.gz
  gzip -9 -n -c "$file" >"$zipped"
  embed "page_$number" "$file"
  embed "page_zipped_$number" "$zipped"
  rows+="    {\"/$path\", \"$(type_of "$path")\", \"\\\"$(cksum <"$file" | tr ' ' -)\\\"\", {page_${number}_begin, page_${number}_end}, {page_zipped_${number}_begin, page_zipped_${number}_end}},"$'\n'
  number=$((number + 1))
done
cat <<END
namespace finishline::http {
std::span<const PageFile> page_files() {
  static const PageFile kFiles[] = {
$rows  };
  return kFiles;
}
}  // namespace finishline::http
END
