# archive.sh - this machine's way to the Debian archive, for scripts that source this file.
#
# Nothing here names a host: the entries in APT_DIR do, with the suite replaced by ours.

SUITE=trixie
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
APT_DIR=${APT_DIR:-/etc/apt}

# One-line entries of all source files, as "TYPE|OPTIONS|URI|SUITE|COMPONENTS".
entries()
{
	local f
	for f in "$APT_DIR"/sources.list "$APT_DIR"/sources.list.d/*.list; do
		[ -f "$f" ] || continue
		sed -e 's/#.*//' "$f" | awk '
			$1 == "deb" {
				opts = ""; sub(/^[ \t]*deb[ \t]+/, "")
				if ($0 ~ /^\[/) {
					opts = $0; sub(/\].*/, "", opts); sub(/^\[/, "", opts)
					sub(/^[^\]]*\][ \t]*/, "")
				}
				comps = ""
				for (i = 3; i <= NF; i++) comps = comps " " $i
				print "deb|" opts "|" $1 "|" $2 "|" comps
			}'
	done
	for f in "$APT_DIR"/sources.list.d/*.sources; do
		[ -f "$f" ] || continue
		grep -v '^[[:space:]]*#' "$f" | awk '
			function flush(   i, j, nu, ns, u, s) {
				if (v["types"] ~ /(^| )deb( |$)/ && tolower(v["enabled"]) != "no") {
					nu = split(v["uris"], u, " "); ns = split(v["suites"], s, " ")
					for (i = 1; i <= nu; i++) for (j = 1; j <= ns; j++)
						print "deb|signed-by=" v["signed-by"] "|" u[i] "|" s[j] "| " v["components"]
				}
				delete v
			}
			/^[ \t]*$/ { flush(); next }
			/^[ \t]/ { v[name] = v[name] " " $0; next }
			{ name = tolower($0); sub(/:.*/, "", name)
			  val = $0; sub(/^[^:]*:[ \t]*/, "", val); v[name] = val }
			END { flush() }'
	done
}

# The Debian archive's own entries, with our suite, for "deb" (the default) or "deb-src".
# An entry counts when it offers "main" for a Debian release, and is signed by Debian's
# archive keyring or names no key at all.
sources()
{
	entries | awk -F'|' -v type="${1:-deb}" -v suite="$SUITE" -v keyring="$KEYRING" '
		$2 ~ /signed-by=[^ ]/ && $2 !~ /debian-archive/ { next }
		(" " $5 " ") !~ / main / { next }
		$3 ~ /^cdrom:/ { next }
		{ sub(/\/$/, "", $3); s = $4; tail = ""
		  if (match(s, /-(updates|security)$/)) { tail = substr(s, RSTART); s = substr(s, 1, RSTART - 1) }
		  else if (sub(/\/updates$/, "", s)) tail = "-security" }
		s !~ /^(buster|bullseye|bookworm|trixie|forky|oldoldstable|oldstable|stable|testing|sid|unstable)$/ { next }
		{ line = type " [signed-by=" keyring "] " $3 " " suite tail " main"
		  if (!(line in seen)) { seen[line] = 1; print line } }' | LC_ALL=C sort
}

# The machine's own ways through a proxy or with a clock of its own, as apt options.
apt_options()
{
	apt-config dump | grep -E '^Acquire::((https?|ftp|tor)::|(Check-Valid-Until|Check-Date|Retries|ForceIPv[46]) )' |
	    grep -v '""; *$' || true
}

# apt with the folder DIR as its whole state and our sources alone, for looking and fetching:
# it installs nothing. The machine's own way through a proxy and its credentials hold.
apt_in()
{
	local dir=$1 tool=$2
	shift 2
	"$tool" -qq -o Dir::State="$dir/state" -o Dir::State::status=/dev/null \
	    -o Dir::Cache="$dir/cache" -o Dir::Etc::SourceList="$dir/sources.list" \
	    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
	    -o Dir::Etc::PreferencesParts=/dev/null -o APT::Architecture=amd64 \
	    -o APT::Architectures=amd64 -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# Fetch and verify the archive's index into DIR, for "deb" or "deb-src".
open_archive()
{
	local dir=$1 type=$2
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	sources "$type" >"$dir/sources.list"
	apt_in "$dir" apt-get update >&2
}

# The index that open_archive got, as text.
apt_index()
{
	apt_in "$1" apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' |
	    xargs /usr/lib/apt/apt-helper cat-file
}
