# lint-layers.awk - read the tables of docs/ARCHITECTURE.md.
#
# mode=mk       make variables: MODULES, and per module INC.m (direct), ALL.m (m and all it
#               reaches), PKG.m (libraries of ALL.m), OWNPKG.m (its own)
# mode=layers   one line per module: "m: allowed allowed ..."
# mode=headers  one line per restricted header: "header: module module ..."
# mode=views    one line per module of which it says "sees only `room/x.h`": "m: room/x.h"
#
# A short name stands for the one module whose last path component it is.

BEGIN { FS = "|" }

function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
function bare(s) { gsub(/`/, "", s); return trim(s) }

$2 ~ /^ *module *$/ { table = "modules"; next }
$2 ~ /^ *header *$/ { table = "headers"; next }
/^\|[-| ]*$/ { next }
!/^\|/ { table = ""; next }

table == "modules" {
	m = bare($2)
	names[++count] = m
	uses[m] = bare($3)
	pkgs[m] = bare($4)
	known[m] = 1
	if (match($0, /sees only `[^`]*`/)) view[m] = substr($0, RSTART + 11, RLENGTH - 12)
	last = m; sub(/.*\//, "", last)
	if (last in short) short[last] = "?"; else short[last] = m
}

table == "headers" { only[bare($2)] = bare($3); order[++hcount] = bare($2) }

function resolve(name, from) {
	if (name in known) return name
	if (!(name in short)) fail(from ": \"" name "\" is no module")
	if (short[name] == "?") fail(from ": \"" name "\" names more than one module, write the path")
	return short[name]
}

function fail(text) { print "docs/ARCHITECTURE.md: " text > "/dev/stderr"; bad = 1; exit 1 }

# All modules that m reaches, m first; seen is the caller's.
function reach(m, seen, out,   n, i, part) {
	if (m in seen) return out
	seen[m] = 1
	out = out " " m
	n = split(direct[m], part, " ")
	for (i = 1; i <= n; i++) out = reach(part[i], seen, out)
	return out
}

END {
	if (bad) exit 1
	if (!count) fail("no module table")
	for (i = 1; i <= count; i++) {
		m = names[i]; n = split(uses[m], part, " "); direct[m] = ""
		for (j = 1; j <= n; j++) direct[m] = direct[m] " " resolve(part[j], m)
		all = all " " m
	}
	if (mode == "headers") {
		for (i = 1; i <= hcount; i++) print order[i] ": " only[order[i]]
		exit 0
	}
	for (i = 1; i <= count; i++) {
		m = names[i]
		if (mode == "views") { if (m in view) print m ": " view[m]; continue }
		if (mode == "layers") { print m ":" direct[m]; continue }
		split("", seen); closure = reach(m, seen, "")
		n = split(closure, part, " "); split("", have); libs = ""
		for (j = 1; j <= n; j++) {
			k = split(pkgs[part[j]], lib, " ")
			for (l = 1; l <= k; l++) if (!(lib[l] in have)) { have[lib[l]] = 1; libs = libs " " lib[l] }
		}
		print "INC." m " :=" direct[m]
		print "ALL." m " :=" closure
		print "PKG." m " :=" libs
		print "OWNPKG." m " := " pkgs[m]
	}
	if (mode == "mk") print "MODULES :=" all
}
