# report.awk - fill the numbers into the report's prose
#
#	awk -f report.awk FACTS TEMPLATE
#
# FACTS has a key and its value a line, tab separated. The template is Markdown with
#
#	{{KEY}}			the value as it is
#	{{KEY FORMAT}}		as printf writes it; %,d groups thousands
#	{{A OP B FORMAT}}	of two keys or numbers, OP being + - * or /
#	{{assert A < B}}	nothing, but it must hold: a sentence rests on it (<, > or =,
#				which is within 1%). In the place of B, there may be B OP C.
#	{{table FILE COLUMN[:FORMAT][:HEADING]...}}
#				a line of its own: these columns of a TSV file
#
# An unknown key or column, or an assertion that fails, is one line on stderr and
# exit status 1; so the prose cannot outlive the numbers that it speaks of.

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

function formatted(v, format) {
	return format == "%,d" ? grouped(v) : format == "" ? v : sprintf(format, v)
}

function calculated(a, operator, b) {
	if (operator == "/" && b == 0)
		fail("division by zero")
	return operator == "+" ? a + b : operator == "-" ? a - b : operator == "*" ? a * b : a / b
}

function check(a, relation, b,    holds) {
	holds = relation == "<" ? a < b : relation == ">" ? a > b : \
		(a - b) ^ 2 <= (0.01 * b) ^ 2
	if (!holds)
		fail("the prose says " a " " relation " " b ", which is not so")
}

function filled(text,    word, n) {
	n = split(text, word, " ")
	if (word[1] == "assert" && (n == 4 || n == 6)) {
		check(number(word[2]), word[3], \
			n == 4 ? number(word[4]) : calculated(number(word[4]), word[5], number(word[6])))
		return ""
	}
	if (n >= 3 && word[2] ~ /^[-+*\/]$/)
		return formatted(calculated(number(word[1]), word[2], number(word[3])), word[4])
	if (n == 2)
		return formatted(number(word[1]), word[2])
	if (n == 1)
		return value(word[1])
	fail("not understood: " text)
}

function table(text,    word, n, file, line, cell, at, i, part, row, rule) {
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
		if (!(part[1] in at))
			fail(file " has no column " part[1])
		if (part[3] == "")
			part[3] = part[1]
		gsub("_", " ", part[3])
		row = row " " part[3] " |"
		rule = rule " ---: |"
	}
	print row "\n" rule
	while ((getline line < file) > 0) {
		split(line, cell, "\t")
		row = "|"
		for (i = 3; i <= n; i++) {
			part[2] = ""
			split(word[i], part, ":")
			row = row " " formatted(cell[at[part[1]]], part[2]) " |"
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
