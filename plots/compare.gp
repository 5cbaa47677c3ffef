# compare.gp - by what factor configurations differ from the first one
#
#	gnuplot -d -c compare.gp OUT CAPTION TABLE
#
# OUT ends in .svg or .png, TABLE is what build/compare printed. Each figure of a run is a row: a
# point for each configuration, with the interval of its factor, on the band of chance that the
# placebo has, if there is one. What is not known, or no factor, is not there.

if (ARGC != 3) {
	printerr "usage: gnuplot -d -c compare.gp OUT CAPTION TABLE"
	exit status 2
}
out = ARG1
caption = ARG2
table = ARG3
width = 900
set datafile separator tab
set datafile columnheaders
set datafile missing NaN

# The figures from top to bottom, and the configurations, in the order of their rows.
array labels[6]
do for [i = 1 : 6] { labels[i] = "" }
configurations = 0
among(label, i) = i > configurations ? 0 : labels[i] eq label ? i : among(label, i + 1)
new(label) = among(label, 1) || configurations == 6 ? 0 : (configurations = configurations + 1, labels[configurations] = label, 0)
undefine STATS_*
stats table using (new(stringcolumn("b")), 0) nooutput
if (configurations == 0) {
	printerr table.": no words in column b"
	exit status 1
}
figures = STATS_records / configurations
height = 120 + 22 * figures
load ARG0[1 : strstrt(ARG0, "compare.gp") - 1]."style.gp"
set datafile missing NaN

place(dummy) = figures - int(column(0)) % int(figures) + 0.12 * ((configurations + 1) / 2.0 - among(stringcolumn("b"), 1))
factor(name) = (v = real(stringcolumn(name)), v > 0 && v < 1e6 ? v : NaN)
of(i, name) = among(stringcolumn("b"), 1) == i ? factor(name) : NaN

least = 0.9
most = 1.1
stats table using (v = factor("low"), least = v < least ? v : least, v = factor("high"), most = v > most ? v : most, 0) nooutput
stats table using (v = factor("placebo_low"), least = v < least ? v : least, v = factor("placebo_high"), most = v > most ? v : most, 0) nooutput
names = ""
stats table using (names = names.(column(0) < figures ? sprintf("%s\"%s\" %d", names eq "" ? "" : ", ", \
	stringcolumn("title"), figures - column(0)) : ""), 0) nooutput

# gnuplot complains of a curve without a point
chance = 0
stats table using (v = factor("placebo_low"), chance = chance + (v == v), 0) nooutput
band = chance == 0 ? "" : "table using (factor('placebo_low')):(place(0)):(factor('placebo_low')):(factor('placebo_high')):(place(0) - 0.4):(place(0) + 0.4) ".\
	"with boxxyerror linecolor rgb '#dddddd' title 'chance', "

set output out
set lmargin at screen 0.27
set rmargin at screen 0.96
set tmargin at screen 1 - 46.0 / height
set bmargin at screen 70.0 / height
set key at screen 0.6, screen 1 - 6.0 / height center top horizontal maxcols 3 Left reverse noenhanced
set yrange [0.3 : figures + 0.7]
eval "set ytics (".names.")"
set ytics noenhanced
eval log_axis("x", least, most)
set xlabel "factor, and its interval"
set arrow 1 from 1, graph 0 to 1, graph 1 nohead linecolor rgb grey linewidth 0.8
set style fill solid 1 noborder
eval "plot ".band."for [i = 1 : configurations] table using (of(i, 'ratio')):(place(0)):(of(i, 'low')):(of(i, 'high')) ".\
	"with xerrorbars linetype i dashtype 1 title labels[i]"
