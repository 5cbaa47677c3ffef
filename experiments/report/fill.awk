# fill.awk - fill the numbers into the report's prose
#
#	awk -f fill.awk FACTS TEMPLATE
#
# FACTS has a key and its value a line, tab separated. The template is Markdown with
#
#	{{KEY}}			the value as it is
#	{{EXPRESSION FORMAT}}	keys and numbers with + - * / between them, separated by blanks
#				and calculated from left to right
#	{{assert EXPRESSION < EXPRESSION}}
#				nothing, but it must hold: a sentence rests on it (<, > or =,
#				which is within 1%). There may be several: 4 < KEY < 5
#	{{table FILE COLUMN[*FACTOR][:FORMAT][:HEADING]...}}
#				a line of its own: these columns of a TSV file
#
# FORMAT is one of printf's, or %,d, which groups thousands, or %ns, which gives nanoseconds the
# unit that suits them: 1.09 s, 64.4 us. nan is written as a dash.
#
# An unknown key or column, or an assertion that fails, is one line on stderr and
# exit status 1; so the prose cannot outlive the numbers that it speaks of. To be run with
# LC_ALL=C.UTF-8, for a decimal point.

function fail(why) {
	print "report: " FILENAME ":" FNR ": " why > "/dev/stderr"
	failed = 1
	exit 1
}

function value(word) {
	if (word in fact)
		return fact[word]
	if (word ~ /^-?[0-9.]+$/)
		return word
	fail("no such fact: " word)
}

function number(word,    v) {
	v = value(word)
	if (v !~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/)
		fail(word " is no number: " v)
	return v + 0
}

function grouped(v,    digits, out) {
	digits = sprintf("%.0f", v)
	while (length(digits) > 3) {
		out = "," substr(digits, length(digits) - 2) out
		digits = substr(digits, 1, length(digits) - 3)
	}
	return digits out
}

# three digits, in the largest unit that has one before the point
function with_unit(ns,    unit, i) {
	split("ns us ms s", unit, " ")
	for (i = 1; i < 4 && ns >= 999.5; i++)
		ns /= 1000
	return sprintf(ns < 9.995 && i > 1 ? "%.2f" : ns < 99.95 && i > 1 ? "%.1f" : "%.0f", ns) " " unit[i]
}

function formatted(v, format) {
	return v ~ /^-?nan$/ ? "-" : format == "%,d" ? grouped(v) : format == "%ns" ? with_unit(v) : \
		format == "" ? v : sprintf(format, v)
}

# the words from first to last
function calculated(word, first, last,    v, b, i) {
	v = number(word[first])
	for (i = first + 1; i < last; i += 2) {
		b = number(word[i + 1])
		if (word[i] == "+") v += b
		else if (word[i] == "-") v -= b
		else if (word[i] == "*") v *= b
		else if (word[i] != "/") fail("not understood: " word[i])
		else if (b == 0) fail("division by zero")
		else v /= b
	}
	if (i != last + 1)
		fail("not understood: an expression that ends in " word[last])
	return v
}

function check(a, relation, b,    holds) {
	holds = relation == "<" ? a < b : relation == ">" ? a > b : \
		(a - b) * (a - b) <= 0.0001 * b * b
	if (!holds)
		fail("the prose says " a " " relation " " b ", which is not so")
}

# each value beside the next one
function check_all(word, n,    first, last, relation, left, right) {
	first = 2
	while (1) {
		for (last = first; last < n && word[last + 1] !~ /^[<>=]$/; last++)
			;
		right = calculated(word, first, last)
		if (relation)
			check(left, relation, right)
		if (last == n)
			break
		relation = word[last + 1]
		left = right
		first = last + 2
	}
	if (!relation)
		fail("not understood: an assertion of nothing")
}

function filled(text,    word, n, i) {
	n = split(text, word, " ")
	if (word[1] == "assert") {
		check_all(word, n)
		return ""
	}
	if (n == 1)
		return formatted(value(word[1]), "")
	if (n % 2 || word[n] !~ /^%/)
		fail("not understood: " text)
	if (n == 2 && value(word[1]) ~ /^-?nan$/)
		return "-"
	return formatted(calculated(word, 1, n - 1), word[n])
}

function table(text,    word, n, file, line, cell, at, i, part, row, rule, name, factor, format) {
	n = split(text, word, " ")
	file = word[2]
	if ((getline line < file) <= 0)
		fail("cannot read " file)
	split(line, cell, "\t")
	for (i in cell)
		at[cell[i]] = i
	row = rule = "|"
	for (i = 3; i <= n; i++) {
		split(word[i], part, ":")
		name[i] = part[1]
		format[i] = part[2]
		factor[i] = 0
		if (match(name[i], /[*][0-9.]+$/)) {
			factor[i] = substr(name[i], RSTART + 1)
			name[i] = substr(name[i], 1, RSTART - 1)
		}
		if (!(name[i] in at))
			fail(file " has no column " name[i])
		if (part[3] == "")
			part[3] = name[i]
		gsub("_", " ", part[3])
		row = row " " part[3] " |"
		rule = rule " ---: |"
		part[2] = part[3] = ""
	}
	print row "\n" rule
	while ((getline line < file) > 0) {
		split(line, cell, "\t")
		row = "|"
		for (i = 3; i <= n; i++) {
			line = cell[at[name[i]]]
			if (factor[i] && line !~ /^-?nan$/)
				line *= factor[i]
			row = row " " formatted(line, format[i]) " |"
		}
		print row
	}
	close(file)
}

BEGIN { FS = "\t" }

FNR == NR { fact[$1] = $2; next }

/^\{\{table .*\}\}$/ { table(substr($0, 3, length($0) - 4)); next }

{
	line = $0
	asserts = line ~ /^\{\{assert [^}]*\}\}$/
	while (match(line, /\{\{[^}]*\}\}/))
		line = substr(line, 1, RSTART - 1) filled(substr(line, RSTART + 2, RLENGTH - 4)) \
			substr(line, RSTART + RLENGTH)
	if (!asserts)
		print line
}

END { exit failed }
