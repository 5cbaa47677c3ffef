# sweep.gp - what the multiprogramming level does to throughput, CPU, device and faults
#
#	gnuplot -d -c sweep.gp OUT CAPTION TABLE
#
# OUT ends in .svg or .png, TABLE is what `tabulate runs` printed. Runs that differ in their
# argument alone are a line; it is named by the axes in which the lines differ.

if (ARGC != 3) {
	printerr "usage: gnuplot -d -c sweep.gp OUT CAPTION TABLE"
	exit status 2
}
out = ARG1
caption = ARG2
table = ARG3
width = 1000
height = 700
plots = ARG0[1 : strstrt(ARG0, "sweep.gp") - 1]
load plots."style.gp"

# The ends of the axes. stats only warns of what it cannot read. Where nobody faulted,
# there is no lifetime.
array columns[9] = ["n", "touches_per_second", "touches_per_awake_second", "utilization", "swap_busy", \
	"touches_per_major", "lifetime_ms", "service_ms", "useful"]
array least[8]
array most[8]
set datafile missing NaN
do for [c = 1 : 8] {
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

# Useful is there where one process ran alone.
lowest = least[4]
undefine STATS_*
if ((sum [i = 1 : lines] numbers[at(9, i)]) > 0) {
	stats table using "useful" nooutput
	lowest = STATS_min < lowest ? STATS_min : lowest
}

over_n = "smooth unique with linespoints"

# A tic at each N.
levels = ""
stats table using (levels = levels.sprintf(", %d", column("n")), 0) nooutput

set output out
set multiplot
set xrange [0 : most[1] + 1]
eval "set xtics (".levels[3 : ].")"
set key at screen 0.5, screen 0.99 center top horizontal maxcols 3 Left reverse noenhanced
heading = 0.04 * ((lines + 2) / 3)
upper = sprintf("set tmargin at screen %g; set bmargin at screen %g; unset xlabel", 0.93 - heading, 0.60 - heading / 2)
lower = sprintf("set tmargin at screen %g; set bmargin at screen 0.15; set xlabel 'processes'", 0.48 - heading / 2)
array sides[3] = ["set lmargin at screen 0.085; set rmargin at screen 0.325", \
	"set lmargin at screen 0.405; set rmargin at screen 0.66", "set lmargin at screen 0.735; set rmargin at screen 0.985"]

eval upper
eval sides[1]
set title "throughput (touches/s)"
eval axis("y", most[2])
eval "plot ".titled(2, "n", over_n)
unset key
unset label 1

eval sides[2]
set title "touches/s of one, without its sleep"
eval log_axis("y", least[3], most[3])
eval "plot ".curves(3, "n", over_n, "")

eval sides[3]
set title "CPU (%), and of that useful (dots)"
eval log_axis("y", lowest, most[4])
eval "plot ".curves(4, "n", over_n, "").", ".curves(9, "n", "smooth unique with lines", "dashtype (2, 4)")
unset logscale y

eval lower
eval sides[1]
set title "swap device busy (%)"
set yrange [0 : 100]
set ytics 0, 25, 100
set arrow 1 from graph 0, first 50 to graph 1, first 50 nohead linecolor rgb grey linewidth 0.6
eval "plot ".curves(5, "n", over_n, "")
unset arrow 1

eval sides[2]
set title "touches a major fault"
eval log_axis("y", least[6], most[6])
eval "plot ".curves(6, "n", over_n, "")
unset logscale y

eval sides[3]
set title "a major fault (ms): L, and S (dots)"
eval log_axis("y", least[7] < least[8] ? least[7] : least[8], most[7] > most[8] ? most[7] : most[8])
eval "plot ".curves(7, "n", over_n, "").", ".curves(8, "n", "smooth unique with lines", "dashtype (2, 4)")
unset multiplot
