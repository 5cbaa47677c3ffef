# course.gp - how runs thrash over their time: faults, memory, and the writes to the swap device
#
#	gnuplot -d -c course.gp OUT CAPTION COURSE
#
# OUT ends in .svg or .png, COURSE is what `tabulate course` printed. A run is a line; it is named
# by the axes in which the lines differ.

if (ARGC != 3) {
	printerr "usage: gnuplot -d -c course.gp OUT CAPTION COURSE"
	exit status 2
}
out = ARG1
caption = ARG2
table = ARG3
width = 800
height = 720
plots = ARG0[1 : strstrt(ARG0, "course.gp") - 1]
load plots."style.gp"

# The ends of the axes. stats only warns of what it cannot read.
array columns[5] = ["seconds", "majors_per_second", "rss_mb", "pages_per_write", "writes_per_second"]
array most[5]
set datafile missing NaN
do for [c = 1 : 5] {
	undefine STATS_*
	stats table using columns[c] nooutput
	if (!exists("STATS_max")) {
		printerr table.": no numbers in column ".columns[c]
		exit status 1
	}
	most[c] = STATS_max
}
load plots."axes.gp"

# eval panel(top, bottom): as shares of what the legend leaves
space = 0.88 - 0.035 * ((lines + 2) / 3)
panel(top, bottom) = sprintf("set tmargin at screen %g; set bmargin at screen %g", \
	0.105 + space * top, 0.105 + space * bottom)

set output out
set multiplot
set lmargin at screen 0.13
set rmargin at screen 0.97
eval seconds_axis("x", most[1], 0)

set key at screen 0.55, screen 0.985 center top horizontal maxcols 3 Left reverse noenhanced
eval panel(1, 0.79)
set ylabel "major\nfaults/s"
eval axis("y", most[2])
eval "plot ".titled(2, "seconds", "with lines")
unset key
unset label 1

eval panel(0.73, 0.53)
set ylabel "resident\nsets (MB)"
eval axis("y", most[3])
eval "plot ".curves(3, "seconds", "with lines", "")

eval panel(0.47, 0.27)
set ylabel "pages\na write"
eval log_axis("y", 1, most[4])
eval "plot ".curves(4, "seconds", "with lines", "")
unset logscale y

eval panel(0.21, 0)
set ylabel "writes/s"
eval seconds_axis("x", most[1], 1)
set xlabel "time (s)"
eval axis("y", most[5])
eval "plot ".curves(5, "seconds", "with lines", "")
unset multiplot
