# seeds.gp - a case with several seeds: each run, the median, and its interval
#
#	gnuplot -d -c seeds.gp OUT CAPTION INTERVALS RUNS
#
# OUT ends in .svg or .png, INTERVALS is what `tabulate seeds` printed, RUNS what
# `tabulate runs` did of the same runs, which differ in their argument and seed alone. A faint
# point is a run; the bar is the interval. All are shown by how far they are from the median of as
# many processes, in %: on an axis that holds five processes and seven, no interval could be seen.

if (ARGC != 4) {
	printerr "usage: gnuplot -d -c seeds.gp OUT CAPTION INTERVALS RUNS"
	exit status 2
}
out = ARG1
caption = ARG2
intervals = ARG3
runs = ARG4
width = 1000
height = 420
plots = ARG0[1 : strstrt(ARG0, "seeds.gp") - 1]
load plots."style.gp"

array columns[4] = ["n", "completion_median", "utilization", "major"]
array titles[4] = ["", "median completion time", "CPU utilization", "major faults, all processes"]
array least[4]
array most[4]
do for [t = 3 : 4] {
	do for [c = 1 : 4] {
		undefine STATS_*
		stats ARGV[t] using columns[c] nooutput
		if (!exists("STATS_max")) {
			printerr ARGV[t].": no numbers in column ".columns[c]
			exit status 1
		}
		least[c] = STATS_min
		most[c] = STATS_max
	}
}

table = runs
load plots."axes.gp"
if (lines > 1) {
	printerr table.": runs that differ in more than argument and seed: ".names[1].", ".names[2]
	exit status 1
}

# A tic at each N, and how many runs and what coverage its interval has.
levels = ""
stats intervals using (levels = levels.sprintf(", \"%d\\n%d runs\\n%.1f%%%%\" %d", column("n"), \
	column("runs"), column("coverage"), column("n")), 0) nooutput

# The runs stand a little to the left of their interval.
aside = 0.04 * (most[1] - least[1] + 2)

array medians[int(most[1])]
from_median(value) = 100 * (value / medians[int(column("n"))] - 1)

set output out
set multiplot
set tmargin at screen 0.80
set bmargin at screen 0.34
set xlabel "processes, and what the interval rests on" offset 0, -2.2
eval "set xtics (".levels[3 : ].")"
unset key
set errorbars 1.5

do for [panel = 2 : 4] {
	name = columns[panel]
	set autoscale	# or stats would leave out what is not on the last panel's axes
	stats intervals using (medians[int(column("n"))] = column(name), 0) nooutput
	undefine STATS_*
	stats runs using (from_median(column(name))) nooutput
	if (!exists("STATS_max")) {
		printerr runs.": a median of 0 in column ".name
		exit status 1
	}
	set lmargin at screen (panel == 2 ? 0.075 : panel == 3 ? 0.405 : 0.74)
	set rmargin at screen (panel == 2 ? 0.315 : panel == 3 ? 0.65 : 0.985)
	set title titles[panel]
	if (panel == 2) { set ylabel "from the median of its N (%)" } else { unset ylabel }
	set xrange [least[1] - 1 : most[1] + 1]
	eval signed_axis("y", STATS_min, STATS_max)
	plot runs using (column("n") - aside):(from_median(column(name))) with points linetype 1 linecolor rgb "#990072b2", \
		intervals using "n":(0):(from_median(column(name."_low"))):(from_median(column(name."_high"))) \
			with yerrorbars linetype 2 dashtype 1
	unset label 1
}

# The legend of all panels, in an empty plot as wide as the drawing.
set margins screen 0.05, screen 0.985, screen 0.32, screen 0.80
set key at screen 0.5, screen 0.985 center top horizontal Left reverse noenhanced
unset title
unset xlabel
unset ylabel
unset border
unset tics
plot [0 : 1] [0 : 1] NaN with points linetype 1 linecolor rgb "#990072b2" title "a run", \
	NaN with points linetype 2 title "median and interval"
unset multiplot
