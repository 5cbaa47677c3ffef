# curves.gp - several programs: how much slower with how much of what they had, and on what they fault then
#
#	gnuplot -d -c curves.gp OUT CAPTION 'CURVE...'
#
# OUT ends in .svg or .png; the CURVEs, in one argument, are tables that experiments/curve has left; each is named by its case's
# argument, or its case. The memory is a share of the largest sum of resident sets that the program had with
# memory to spare. What had to be ended is not drawn. Of work, the lines are black.

if (ARGC != 3) {
	printerr "usage: gnuplot -d -c curves.gp OUT CAPTION 'CURVE...'"
	exit status 2
}
out = ARG1
caption = ARG2
width = 1000
height = 540
plots = ARG0[1 : strstrt(ARG0, "curves.gp") - 1]
load plots."style.gp"

curves = words(ARG3)
array peak[curves]
do for [i = 1 : curves] {
	stats word(ARG3, i) using "peak_kb" every ::0::0 nooutput
	peak[i] = STATS_max
}
share(i) = 100 * column("memory_kb") / peak[i]
itself(value) = stringcolumn("ended") eq "itself" && stringcolumn("memory_kb") ne "max" ? value : NaN
# results/AXES/CASE-ARGUMENT.curve.tsv
name(path) = system("basename '".path."' .curve.tsv | sed 's/^case4-//; s/^program-//; s/^random$/work R/; s/^local$/work L/'")
look(path) = name(path)[1 : 4] eq "work" ? sprintf("linewidth 2.2 linecolor rgb '#000000' dashtype %s pointtype 0", name(path) eq "work R" ? "1" : "(4, 4)") : ""

array looks[curves]
array titles[curves]
number = 0
do for [i = 1 : curves] {
	titles[i] = name(word(ARG3, i))
	looks[i] = look(word(ARG3, i))
	if (looks[i] eq "") {
		number = number + 1
		looks[i] = sprintf("linetype %d", number)
	}
}

set output out
set multiplot
set xlabel "memory (% of the peak resident set)"
set tmargin at screen 0.78
set bmargin at screen 0.2
eval log_axis("x", 10, 500)
set key at screen 0.5, screen 0.99 center top horizontal maxcols 8 Left reverse noenhanced

set lmargin at screen 0.08; set rmargin at screen 0.48
set title "how many times longer it takes"
eval log_axis("y", 1, 40)
curve(i) = sprintf("word(ARG3, %d) using (share(%d)):(itself(column('slowdown'))) with linespoints %s title titles[%d]", i, i, looks[i], i)
command = "plot ".curve(1)
do for [i = 2 : curves] { command = command.", ".curve(i) }
eval command
unset key
unset label 1

set lmargin at screen 0.575; set rmargin at screen 0.985
set title "major faults on files (%)"
unset logscale y
set yrange [0 : 100]
set ytics 0, 25, 100
onfiles(i) = sprintf("word(ARG3, %d) using (share(%d)):(itself(column('major_anon') + column('major_file') > 0 ? 100 * column('major_file') / (column('major_anon') + column('major_file')) : NaN)) with linespoints %s notitle", i, i, looks[i])
command = "plot ".onfiles(1)
do for [i = 2 : curves] { command = command.", ".onfiles(i) }
eval command
unset multiplot
