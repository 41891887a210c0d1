# In: the output of summary.awk. Out: results.json; `about` holds the members that say where and how.
BEGIN {
  FS = "\t"
  printf "{\n  %s,\n  \"cases\": {", about
}
$1 != name {
  if (name != "") printf "\n      }\n    }"
  printf "%s\n    \"%s\": {", name == "" ? "" : ",", $1
  name = $1
  proxy = ""
}
$2 != proxy {
  if (proxy != "") printf "\n      }"
  printf "%s\n      \"%s\": {", proxy == "" ? "" : ",", $2
  proxy = $2
  first = 1
}
{
  printf "%s\n        \"%s\": {\"median\": %s, \"min\": %s, \"max\": %s, \"runs\": %s}", first ? "" : ",", $3, $5, $6, $7, $4
  first = 0
}
END {
  if (name != "") printf "\n      }\n    }"
  print "\n  }\n}"
}
