# axes.gp - which lines a table of `tabulate` has
#
# A figure loads this after style.gp, and after it has set
#   table	a table whose first columns are the axes of its rows
#   columns	an array of the names of those that it draws
#
# Rows that differ in their argument and seed alone are one line. Then there are
#   lines	how many, at least one and at most six, for so many looks has style.gp
#   line_of(0)	in a using, the number of this row's line
#   names[i]	line i's axes, of those that differ between lines
#   of(i, name)	in a using, that column of line i
#   curves(c, x, how, looks)
#		plot's arguments: columns[c] of each line, over the column x; how is as
#		"with lines", looks what follows the line's own
#   titled(c, x, how)
#		the same, with the names in the legend
#   numbers[at(c, i)]
#		how many numbers line i has in columns[c]
#
# Of a line without a number there, as the lifetime where nobody faulted, gnuplot would complain:
# curves leaves it out.
#
# A y that is NaN is a row that is not there: what (line_of(0) == i ? y : NaN) leaves is joined
# by a line, and sorted by smooth unique.

set datafile missing NaN
array axis_columns[6] = ["case", "machine", "kernel", "memory", "swap", "knobs"]
array axis_words[6] = ["%s", "machine %s", "Linux %s", "%s MiB", "swap model %s", "%s"]
array axis_differs[6]
array line_keys[6]
array names[6]
do for [a = 1 : 6] {
	axis_differs[a] = 0
	line_keys[a] = ""
	names[a] = ""
}
lines = 0

do for [a = 1 : 6] {
	undefine STATS_*
	stats table using (axis_word = stringcolumn(axis_columns[a]), 0) nooutput
	if (!exists("STATS_max")) {
		printerr table.": no words in column ".axis_columns[a]
		exit status 1
	}
}

# A key has a tab between its values, which none of them has.
key(a) = stringcolumn(axis_columns[a]).(a < 6 ? "\t".key(a + 1) : "")
line_of(dummy) = line_among(key(1), 1)
line_among(key, i) = i > 6 || line_keys[i] eq key ? i : line_among(key, i + 1)
line_new(key) = line_among(key, 1) <= 6 ? 0 : (lines = lines + 1, lines <= 6 ? line_keys[lines] = key : "", 0)
stats table using (line_new(key(1))) nooutput
if (lines > 6) {
	printerr table.sprintf(": %d lines, where six can be told apart", lines)
	exit status 1
}

# The value of axis a in a key.
field(key, a) = a == 1 ? key[1 : strstrt(key."\t", "\t") - 1] : field(key[strstrt(key, "\t") + 1 : ], a - 1)
do for [a = 1 : 6] {
	do for [i = 2 : lines] {
		axis_differs[a] = axis_differs[a] || field(line_keys[i], a) ne field(line_keys[1], a)
	}
}
# A path has vm.swappiness@10 for vm.swappiness=10, and a comma for each slash.
with_for(text, it, other) = strstrt(text, it) == 0 ? text : \
	text[1 : strstrt(text, it) - 1].other.with_for(text[strstrt(text, it) + 1 : ], it, other)
axis_name(value, a) = a == 6 && value eq "-" ? "no knobs" : \
	sprintf(axis_words[a], a == 6 ? with_for(with_for(value, "@", "="), ",", "/") : value)
do for [i = 1 : lines] {
	do for [a = 1 : 6] {
		names[i] = axis_differs[a] ? names[i].(names[i] eq "" ? "" : ", ").axis_name(field(line_keys[i], a), a) : names[i]
	}
	names[i] = names[i] eq "" ? field(line_keys[i], 1) : names[i]
}

of(i, name) = line_of(0) == i ? column(name) : NaN

at(c, i) = 6 * (c - 1) + i
array numbers[6 * |columns|]
do for [k = 1 : |numbers|] { numbers[k] = 0 }
count(c, i) = stringcolumn(columns[c]) eq "nan" ? 0 : (numbers[at(c, i)] = numbers[at(c, i)] + 1)
stats table using (i = int(line_of(0)), (sum [c = 1 : |columns|] count(c, i)), 0) nooutput

curve(c, i, x, how, looks) = numbers[at(c, i)] == 0 ? "" : \
	sprintf("table using (of(%d, \"%s\")):(of(%d, \"%s\")) %s linetype %d %s, ", i, x, i, columns[c], how, i, looks)
curves(c, x, how, looks) = curves_from(1, c, x, how, looks)
curves_from(i, c, x, how, looks) = i > lines ? "NaN notitle" : curve(c, i, x, how, looks).curves_from(i + 1, c, x, how, looks)
titled(c, x, how) = titled_from(1, c, x, how)
titled_from(i, c, x, how) = i > lines ? "NaN notitle" : \
	curve(c, i, x, how, sprintf("title names[%d]", i)).titled_from(i + 1, c, x, how)
