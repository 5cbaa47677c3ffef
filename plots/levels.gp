# levels.gp - what the multiprogramming level does to CPU, completion and paging
#
#	gnuplot -d -c levels.gp OUT CAPTION TABLE
#
# OUT ends in .svg or .png, TABLE is what `tabulate runs` printed. Runs that differ in their
# argument and seed alone have the same points, which are named by the axes in which they differ. A
# point is a run; nothing is drawn between them, for what lies there was not run (sweep.gp has a line).

if (ARGC != 3) {
	printerr "usage: gnuplot -d -c levels.gp OUT CAPTION TABLE"
	exit status 2
}
out = ARG1
caption = ARG2
table = ARG3
width = 1000
height = 420
plots = ARG0[1 : strstrt(ARG0, "levels.gp") - 1]
load plots."style.gp"

# The ends of the axes. stats only warns of what it cannot read.
array columns[6] = ["n", "utilization", "completion_min", "completion_median", \
	"completion_max", "major"]
array least[6]
array most[6]
do for [c = 1 : 6] {
	undefine STATS_*
	stats table using columns[c] nooutput
	if (!exists("STATS_max")) {
		printerr table.": no numbers in column ".columns[c]
		exit status 1
	}
	least[c] = STATS_min
	most[c] = STATS_max
}
load plots."axes.gp"

# Thrashing multiplies completion times: their axis is logarithmic.
if (least[3] <= 0) {
	printerr "a completion time of 0 has no place on a logarithmic axis"
	exit status 1
}

# A tic at each N.
levels = ""
stats table using (levels = levels.sprintf(", %d", column("n")), 0) nooutput

# Bars of several lines would hide each other: each stands a little aside.
aside(i) = 0.02 * most[1] * (i - 1 - (lines - 1) / 2.0)

set output out
set multiplot
unset key
set tmargin at screen 0.87 - 0.05 * ((lines + 2) / 3)
set bmargin at screen 0.24
set xlabel "processes"
set xrange [0 : most[1] + 1]
eval "set xtics (".levels[3 : ].")"

set lmargin at screen 0.05
set rmargin at screen 0.30
set title "CPU utilization (% of one CPU)"
eval axis("y", most[2])
plot for [i = 1 : lines] table using "n":(of(i, "utilization")) with points linetype i
unset label 1

set lmargin at screen 0.385
set rmargin at screen 0.635
set title "completion time (s), median and range"
set errorbars 1.5
eval log_axis("y", least[3], most[5])
plot for [i = 1 : lines] table using \
		(column("n") + aside(i)):(of(i, "completion_median")):"completion_min":"completion_max" \
		with yerrorbars linetype i dashtype 1 pointsize 0.6
unset logscale y

set lmargin at screen 0.735
set rmargin at screen 0.985
set title "major faults, all processes"
eval axis("y", most[6])
plot for [i = 1 : lines] table using "n":(of(i, "major")) with points linetype i

# The legend of all panels, in an empty plot as wide as the drawing.
set margins screen 0.05, screen 0.985, screen 0.24, screen 0.82
set key at screen 0.5, screen 0.985 center top horizontal maxcols 3 Left reverse noenhanced
unset title
unset xlabel
unset border
unset tics
plot [0 : 1] [0 : 1] for [i = 1 : lines] NaN with points linetype i title names[i]
unset multiplot
