# lock.sh - the lock file of the build root's packages, for scripts that source this file.
#
# iso/packages.lock has one line a package, sorted: name version architecture sha256. The
# last is the digest of the .deb, as the signed index of the archive gives it; apt checks
# every .deb against that index.

lock_lines()
{
	grep -v '^#' "$1" | LC_ALL=C sort || true
}

# An index of the archive, or several, as lines of a lock.
index_lines()
{
	awk '
		function flush() { if (n != "") print n, v, a, s; n = v = a = s = "" }
		/^Package: / { n = $2 }
		/^Version: / { v = $2 }
		/^Architecture: / { a = $2 }
		/^SHA256: / { s = $2 }
		/^$/ { flush() }
		END { flush() }'
}

# The locked packages, lines of a lock, that an index (standard input) no longer has.
lock_lacks()
{
	LC_ALL=C comm -23 <(lock_lines "$1") <(index_lines | LC_ALL=C sort -u)
}

# Packages by name (standard input) that the lock has no line for.
lock_forgets()
{
	LC_ALL=C comm -23 <(LC_ALL=C sort -u) <(lock_lines "$1" | cut -d' ' -f1 | LC_ALL=C sort -u)
}

# "name version architecture" (standard input), each with its digest from the first of the
# files that knows it, or "-".
with_digests()
{
	awk '
		FILENAME != "-" { if (!(($1, $2, $3) in sha)) sha[$1, $2, $3] = $4; next }
		{ print $1, $2, $3, (($1, $2, $3) in sha) ? sha[$1, $2, $3] : "-" }' "$@" - |
	    LC_ALL=C sort
}

# What differs between a lock and what is installed (a file of the same form), in words.
lock_differences()
{
	awk '
		FILENAME == ARGV[1] { locked[$1] = $2; line[$1] = $0; next }
		!($1 in line) { print $1 " " $2 ", which is not in the lock"; next }
		{ same = $0 == line[$1]; delete line[$1] }
		same { next }
		$2 != locked[$1] { print $1 " " $2 ", not " locked[$1]; next }
		{ print $1 " " $2 " with other bytes" }
		END { for (n in line) print n " is not there, but in the lock" }' \
	    <(lock_lines "$1") "$2" | LC_ALL=C sort
}

# Preferences that make apt take the locked versions, even older ones, where they exist.
lock_preferences()
{
	lock_lines "$1" | awk '
		{ printf "Package: %s\nPin: version %s\nPin-Priority: 1001\n\n", $1, $2 }'
}

# The first lines of a list, and how many more there are.
shortly()
{
	awk -v most=8 'NR <= most { print "   " $0 } END { if (NR > most) print "   and " NR - most " more" }'
}
