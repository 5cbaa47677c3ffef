# case3.gp - what the multiprogramming level does to CPU, completion and paging
#
#	gnuplot -d -c case3.gp OUT CAPTION TABLE LABEL [TABLE LABEL]...
#
# OUT ends in .svg or .png, TABLE is what `reduce runs` printed, LABEL says
# which machine that was, as by its swap. At most three tables, since gnuplot
# passes nine arguments on.

if (ARGC < 4 || ARGC % 2) {
	printerr "usage: gnuplot -d -c case3.gp OUT CAPTION TABLE LABEL [TABLE LABEL]..."
	exit status 2
}
out = ARG1
caption = ARG2
width = 1000
height = 420
load ARG0[1 : strstrt(ARG0, "case3.gp") - 1]."style.gp"

# The ends of the axes. stats only warns of what it cannot read.
array columns[6] = ["n", "utilization", "completion_min", "completion_median", \
	"completion_max", "major"]
array least[6]
array most[6]
do for [c = 1 : 6] {
	do for [i = 3 : ARGC : 2] {
		undefine STATS_*
		stats ARGV[i] using columns[c] nooutput
		if (!exists("STATS_max")) {
			printerr ARGV[i].": no numbers in column ".columns[c]
			exit status 1
		}
		least[c] = i > 3 && least[c] < STATS_min ? least[c] : STATS_min
		most[c] = i > 3 && most[c] > STATS_max ? most[c] : STATS_max
	}
}

# Thrashing multiplies completion times: their axis is logarithmic.
if (least[3] <= 0) {
	printerr "a completion time of 0 has no place on a logarithmic axis"
	exit status 1
}

# A tic at each N.
levels = ""
do for [i = 3 : ARGC : 2] {
	stats ARGV[i] using (levels = levels.sprintf(", %d", column("n")), 0) nooutput
}

# Bars of several tables would hide each other: each stands a little aside.
tables = (ARGC - 2) / 2
aside(i) = 0.02 * most[1] * ((i - 3) / 2 - (tables - 1) / 2.0)

set output out
set multiplot
unset key
set tmargin at screen 0.82
set bmargin at screen 0.24
set xlabel "processes"
set xrange [0 : most[1] + 1]
eval "set xtics (".levels[3 : ].")"

set lmargin at screen 0.05
set rmargin at screen 0.30
set title "CPU utilization (% of one CPU)"
eval axis("y", most[2])
plot for [i = 3 : ARGC : 2] ARGV[i] using "n":"utilization" with linespoints title ARGV[i + 1]
unset label 1

set lmargin at screen 0.385
set rmargin at screen 0.635
set title "completion time (s), median and range"
set errorbars 1.5
eval log_axis("y", least[3], most[5])
plot for [i = 3 : ARGC : 2] ARGV[i] using \
	(column("n") + aside(i)):"completion_median":"completion_min":"completion_max" \
	with yerrorlines pointsize 0.6 title ARGV[i + 1]
unset logscale y

set lmargin at screen 0.735
set rmargin at screen 0.985
set title "major faults, all processes"
eval axis("y", most[6])
plot for [i = 3 : ARGC : 2] ARGV[i] using "n":"major" with linespoints title ARGV[i + 1]

# The legend of all panels, in an empty plot as wide as the drawing.
set margins screen 0.05, screen 0.985, screen 0.24, screen 0.82
set key at screen 0.5, screen 0.985 center top horizontal Left reverse noenhanced
unset title
unset xlabel
unset border
unset tics
plot [0 : 1] [0 : 1] for [i = 3 : ARGC : 2] NaN with linespoints linetype i / 2 title ARGV[i + 1]
unset multiplot
