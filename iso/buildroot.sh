#!/bin/bash
# buildroot.sh - make the Debian trixie build root in which everything is compiled and tested.
#
# The packages come from this machine's own Debian archive entries in /etc/apt, with the
# suite replaced; apt checks the archive's signature with Debian's archive keyring. The root
# lives outside the repository, under a name that is a digest of all that decides its content.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin		# chroot, for ordinary users

SUITE=trixie
VARIANT=minbase
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
FORMAT=1	# raise when this script changes what is in the root
HERE=$(cd "$(dirname "$0")" && pwd)
LIST=$HERE/packages.txt
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cornerstone}
APT_DIR=${APT_DIR:-/etc/apt}

usage()
{
	cat <<-END
	usage: iso/buildroot.sh [--path | --sources | --list | --help]

	Makes the build root if it is missing and prints its path as the last line.
	  --path     print the path only, make nothing
	  --sources  print the apt sources it would use
	  --list     print the packages
	Variables: CACHE (now $CACHE), APT_DIR (now $APT_DIR).
	As root it uses mmdebstrap --mode=root, otherwise --mode=unshare (needs uidmap
	and a range in /etc/subuid).
	END
}

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "buildroot: $*"
	exit 1
}

packages()
{
	sed -e 's/#.*//' "$LIST" | awk 'NF { print $1 }' | LC_ALL=C sort -u
}

# What decides the content: the suite, the variant, this format, the list.
key()
{
	{ printf '%s %s %s %s\n' "$SUITE" "$VARIANT" "$FORMAT" "$(id -u | sed 's/^[1-9].*/user/')"
	  packages; } | sha256sum | cut -c1-16
}

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

# The Debian archive's own entries, with our suite. An entry counts when it offers "main"
# for a Debian release, and is signed by Debian's archive keyring or names no key at all.
sources()
{
	entries | awk -F'|' -v suite="$SUITE" -v keyring="$KEYRING" '
		$2 ~ /signed-by=[^ ]/ && $2 !~ /debian-archive/ { next }
		(" " $5 " ") !~ / main / { next }
		$3 ~ /^cdrom:/ { next }
		{ sub(/\/$/, "", $3); s = $4; tail = ""
		  if (match(s, /-(updates|security)$/)) { tail = substr(s, RSTART); s = substr(s, 1, RSTART - 1) }
		  else if (sub(/\/updates$/, "", s)) tail = "-security" }
		s !~ /^(buster|bullseye|bookworm|trixie|forky|oldoldstable|oldstable|stable|testing|sid|unstable)$/ { next }
		{ line = "deb [signed-by=" keyring "] " $3 " " suite tail " main"
		  if (!(line in seen)) { seen[line] = 1; print line } }' | LC_ALL=C sort
}

# The machine's own ways through a proxy or with a clock of its own, as apt options.
apt_options()
{
	apt-config dump | grep -E '^Acquire::((https?|ftp|tor)::|(Check-Valid-Until|Check-Date|Retries|ForceIPv[46]) )' |
	    grep -v '""; *$' || true
}

# Machine credentials for a private mirror are in the root only while apt runs.
auth_files()
{
	local f
	for f in "$APT_DIR"/auth.conf "$APT_DIR"/auth.conf.d/*.conf; do
		[ ! -r "$f" ] || echo "$f"
	done
}

lend_auth()
{
	local root=$1 f
	mkdir -p "$root/etc/apt/auth.conf.d"
	auth_files | while IFS= read -r f; do
		install -m 600 "$f" "$root/etc/apt/auth.conf.d/lent-${f##*/}"
	done
}

return_auth()
{
	rm -f "$1"/etc/apt/auth.conf.d/lent-*
}

# As root, or as the root of a user namespace in which the cache's files are at home.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --map-root-user --map-auto "$@"
	fi
}

drop()
{
	[ ! -e "$1" ] || as_root rm -rf --one-file-system "$1"
}

# A new root from the archive. For ordinary users it comes as a tar, so that the files can
# belong to the user rather than to the first of the user's subordinate ids.
bootstrap()
{
	local tmp=$1 opt
	local -a args=()
	while IFS= read -r opt; do
		[ -z "$opt" ] || args+=("--aptopt=$opt")
	done < <(apt_options)
	args+=(
		--variant="$VARIANT" --architectures=amd64 --keyring="$KEYRING"
		--include="$(packages | paste -sd,)"
		--aptopt='APT::Install-Recommends "false"'
		--aptopt='Acquire::Languages "none"'
		--dpkgopt='force-unsafe-io'
		--dpkgopt='path-exclude=/usr/share/man/*'
		--dpkgopt='path-exclude=/usr/share/locale/*/LC_MESSAGES/*'
		--dpkgopt='path-exclude=/usr/share/doc/*'
		--dpkgopt='path-include=/usr/share/doc/*/copyright'
		--skip=cleanup/apt/lists
	)
	if [ -n "$(auth_files)" ]; then
		args+=(
			--setup-hook="$(declare -f auth_files lend_auth); APT_DIR='$APT_DIR' lend_auth \"\$1\""
			--customize-hook="$(declare -f return_auth); return_auth \"\$1\""
		)
	fi
	if [ "$(id -u)" = 0 ]; then
		sources | mmdebstrap --mode=root "${args[@]}" "$SUITE" "$tmp" - >&2
	else
		mkdir "$tmp"
		sources | mmdebstrap --mode=unshare --skip=output/dev --format=tar "${args[@]}" \
		    "$SUITE" - - | as_root tar -C "$tmp" -x
	fi
}

# The newest older root of the same format whose packages are all still wanted.
base_for_extension()
{
	local cand
	for cand in $(ls -dt "$CACHE"/root-*/ 2>/dev/null); do
		cand=${cand%/}
		[ -f "$cand/.cornerstone/packages" ] || continue
		[ "$(cat "$cand/.cornerstone/format")" = "$SUITE $VARIANT $FORMAT" ] || continue
		[ -z "$(comm -13 <(packages) "$cand/.cornerstone/packages")" ] || continue
		echo "$cand"
		return
	done
}

# Copy that root and install what it lacks; fails if there is none or apt fails.
extend()
{
	local tmp=$1 old missing
	old=$(base_for_extension)
	[ -n "$old" ] || return 1
	missing=$(comm -23 <(packages) "$old/.cornerstone/packages")
	say "== adding to a copy of ${old##*/}: $(echo $missing)"
	as_root cp -a --reflink=auto "$old" "$tmp"
	lend_auth "$tmp"
	as_root unshare --mount --propagation private bash -euc '
		root=$1
		shift
		mount --rbind /proc "$root/proc"
		mount --rbind /dev "$root/dev"
		[ ! -f /etc/resolv.conf ] || cat /etc/resolv.conf >"$root/etc/resolv.conf"
		export DEBIAN_FRONTEND=noninteractive LC_ALL=C
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin
		chroot "$root" apt-get -qq update
		chroot "$root" apt-get -qq -y --no-install-recommends install "$@"
		chroot "$root" apt-get clean
	' bash "$tmp" $missing >&2 && return_auth "$tmp" && return
	drop "$tmp"
	return 1
}

# What made it, for the next extension; which versions, for whoever compares two builds.
seal_root()
{
	local tmp=$1
	as_root mkdir -p "$tmp/.cornerstone"
	packages | as_root tee "$tmp/.cornerstone/packages" >/dev/null
	echo "$SUITE $VARIANT $FORMAT" | as_root tee "$tmp/.cornerstone/format" >/dev/null
	as_root chroot "$tmp" dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' |
	    as_root tee "$tmp/.cornerstone/versions" >/dev/null
}

make_root()
{
	local root=$1 tmp=$1.tmp start=$SECONDS
	[ -r "$KEYRING" ] || die "$KEYRING is missing; install debian-archive-keyring"
	[ -n "$(sources)" ] ||
	    die "no entry of the Debian archive in $APT_DIR (sources.list, sources.list.d)"
	drop "$tmp"
	say "== build root: Debian $SUITE, $(packages | wc -l) packages and what they need"
	say "   downloads about 450 MB, takes 1.3 GB in $CACHE, one to four minutes"
	say "   from:"
	sources | sed 's/^deb \[[^]]*\]/     /' >&2
	if ! extend "$tmp"; then
		say "== mmdebstrap"
		bootstrap "$tmp" || { drop "$tmp"; die "mmdebstrap failed"; }
	fi
	seal_root "$tmp"
	mv -T "$tmp" "$root"
	say "== build root ready: $(du -sh "$root" 2>/dev/null | cut -f1), $((SECONDS - start)) s"
}

main()
{
	local root
	root=$CACHE/root-$(key)
	case ${1:-} in
	--path) echo "$root"; return ;;
	--sources) sources; return ;;
	--list) packages; return ;;
	--help | -h) usage; return ;;
	'') ;;
	*) usage >&2; exit 2 ;;
	esac
	if [ ! -d "$root" ]; then
		mkdir -p "$CACHE"
		exec 9>"$CACHE/lock"
		flock 9		# two makes at once build one root
		[ -d "$root" ] || make_root "$root"
	fi
	echo "$root"
}

main "$@"
