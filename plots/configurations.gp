# configurations.gp - by what factor some figures of several configurations differ, in a panel a case
#
#	gnuplot -d -c configurations.gp OUT CAPTION TABLE...
#
# OUT ends in .svg or .png. Each TABLE is what build/compare printed, and lies in
# results/compare/CASE-ARGUMENT/LIST_MACHINE-KERNEL-MEMORY-SWAP-SEED.tsv, by which its panel is titled. A
# configuration has a row there, with a point for each figure, its interval, and the band of chance that the
# placebo has behind it. What is not known, or no factor, is not there. compare.gp has all figures of one table.

if (ARGC < 3) {
	printerr "usage: gnuplot -d -c configurations.gp OUT CAPTION TABLE..."
	exit status 2
}
out = ARG1
caption = ARG2
tables = ARGC - 2
array keys[3] = ["major", "awake_throughput", "last_completion"]
array titles[3] = ["major faults", "touches a second awake", "completion time"]
rows = (tables + 1) / 2
array labels[20]
width = 1000

# Before the size is known, the configurations of the first table.
set datafile separator tab
set datafile columnheaders
set datafile missing NaN
table = ARGV[3]
configurations = 0
among(label, i) = i > configurations ? 0 : labels[i] eq label ? i : among(label, i + 1)
new(label) = among(label, 1) || configurations == 20 ? 0 : (configurations = configurations + 1, labels[configurations] = label, 0)
undefine STATS_*
reference = ""
stats table using (reference = stringcolumn("a"), new(stringcolumn("b")), 0) nooutput
if (configurations == 0) {
	printerr table.": no words in column b"
	exit status 1
}
panel = 60 + 34 * configurations
height = 80 + rows * (panel + 62)
load ARG0[1 : strstrt(ARG0, "configurations.gp") - 1]."style.gp"
set datafile missing NaN

# Fields of a path, between slashes or dashes; the first one is 1.
field(text, mark, i) = i == 1 ? text[1 : strstrt(text.mark, mark) - 1] : field(text[strstrt(text.mark, mark) + 1 : ], mark, i - 1)
after(text, mark) = text[strstrt(text, mark) + strlen(mark) : ]
title_of(path) = field(after(path, "results/compare/"), "/", 1).", swap model ".field(after(path, "_"), "-", 4)

of(c, name) = (v = real(stringcolumn(name)), stringcolumn("figure") eq keys[c] && among(stringcolumn("b"), 1) && v > 0 && v < 1e6 ? v : NaN)
place(c) = configurations - among(stringcolumn("b"), 1) + 1 + 0.25 * (2 - c)

names = ""
do for [i = 1 : configurations] {
	names = names.sprintf("%s\"%s\" %d", i > 1 ? ", " : "", labels[i], configurations - i + 1)
}

# What each panel has, before there are ranges, which stats would listen to: its ends, and which of the
# curves have a point, for gnuplot complains of one without.
array least[tables]
array most[tables]
array there[3 * tables]
array chance[3 * tables]
at(t, c) = 3 * (t - 1) + c
do for [t = 1 : tables] {
	table = ARGV[t + 2]
	low = 0.9
	high = 1.1
	do for [c = 1 : 3] {
		stats table using (v = of(c, "low"), low = v < low ? v : low, v = of(c, "high"), high = v > high ? v : high, \
			v = of(c, "placebo_low"), low = v < low ? v : low, v = of(c, "placebo_high"), high = v > high ? v : high, 0) nooutput
		points = 0
		bands = 0
		stats table using (v = of(c, "ratio"), points = points + (v == v), v = of(c, "placebo_low"), bands = bands + (v == v), 0) nooutput
		there[at(t, c)] = points
		chance[at(t, c)] = bands
	}
	least[t] = low
	most[t] = high
}

band(t, c) = chance[at(t, c)] == 0 ? "" : sprintf("table using (of(%d, 'placebo_low')):(place(%d)):(of(%d, 'placebo_low')):(of(%d, 'placebo_high'))".\
	":(place(%d) - 0.12):(place(%d) + 0.12) with boxxyerror linecolor rgb '#dddddd', ", c, c, c, c, c, c)
curve(t, c) = there[at(t, c)] == 0 ? "" : sprintf("table using (of(%d, 'ratio')):(place(%d)):(of(%d, 'low')):(of(%d, 'high')) ".\
	"with xerrorbars linetype %d dashtype 1, ", c, c, c, c, c)

set output out
set multiplot
unset key
set style fill solid 1 noborder
set yrange [0.4 : configurations + 0.6]
eval "set ytics (".names.")"
set ytics noenhanced
set xlabel "factor to ".reference offset 0, 0.4 noenhanced
do for [t = 1 : tables] {
	table = ARGV[t + 2]
	aside = (t - 1) % 2
	below = (t - 1) / 2
	set lmargin at screen 0.17 + 0.48 * aside
	set rmargin at screen 0.48 + 0.48 * aside
	upper = 1 - (60.0 + below * (panel + 62)) / height
	set tmargin at screen upper
	set bmargin at screen upper - (panel - 30.0) / height
	set title title_of(table) noenhanced
	eval log_axis("x", least[t], most[t])
	set arrow 1 from 1, graph 0 to 1, graph 1 nohead linecolor rgb grey linewidth 0.8
	set format y (aside ? "" : "%g")
	eval "plot ".band(t, 1).band(t, 2).band(t, 3).curve(t, 1).curve(t, 2).curve(t, 3)."NaN"
	unset label 1
}

# The legend of all panels, in an empty plot as wide as the drawing.
set margins screen 0.05, screen 0.985, screen 0.02, screen 1
set key at screen 0.5, screen 1 - 4.0 / height center top horizontal maxrows 1 samplen 2 Left reverse noenhanced
unset title
unset xlabel
unset border
unset tics
unset arrow 1
unset logscale
plot [0 : 1] [0 : 1] NaN with boxes linecolor rgb "#dddddd" title "chance", \
	for [c = 1 : 3] NaN with points linetype c title titles[c]
unset multiplot
