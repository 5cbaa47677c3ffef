# programs.gp - what the multiprogramming level does to throughput, CPU, disk and faults of programs that are not work
#
#	gnuplot -d -c programs.gp OUT CAPTION TABLE
#
# OUT ends in .svg or .png, TABLE is what `tabulate runs` printed. Runs that differ in their
# argument alone are a line; it is named by the axes in which the lines differ.

if (ARGC != 3) {
	printerr "usage: gnuplot -d -c programs.gp OUT CAPTION TABLE"
	exit status 2
}
out = ARG1
caption = ARG2
table = ARG3
width = 1000
height = 700
plots = ARG0[1 : strstrt(ARG0, "programs.gp") - 1]
load plots."style.gp"

# The ends of the axes. stats only warns of what it cannot read.
array columns[8] = ["n", "done_per_minute", "utilization", "swap_busy", "major_anon", "major_file", "lifetime_ms", "service_ms"]
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
over_n = "smooth unique with linespoints"
larger(a, b) = a > b ? a : b
smaller(a, b) = a < b ? a : b

set output out
set multiplot
set xrange [0 : most[1] + 1]
set xtics 1, 1, most[1]
set key at screen 0.5, screen 0.99 center top horizontal maxcols 3 Left reverse noenhanced
upper = "set tmargin at screen 0.90; set bmargin at screen 0.58; unset xlabel"
lower = "set tmargin at screen 0.46; set bmargin at screen 0.15; set xlabel 'programs at a time'"
left = "set lmargin at screen 0.08; set rmargin at screen 0.48"
right = "set lmargin at screen 0.575; set rmargin at screen 0.985"

eval upper
eval left
set title "throughput (programs a minute)"
eval axis("y", most[2])
eval "plot ".titled(2, "n", over_n)
unset key
unset label 1

eval right
set title "CPU, and the disk (dots) busy (%)"
set yrange [0 : 100]
set ytics 0, 25, 100
eval "plot ".curves(3, "n", over_n, "").", ".curves(4, "n", "smooth unique with lines", "dashtype (2, 4)")

eval lower
eval left
set title "major faults on anonymous memory, and on files (dots)"
eval log_axis("y", larger(1, smaller(least[5], least[6])), larger(most[5], most[6]))
eval "plot ".curves(5, "n", over_n, "").", ".curves(6, "n", "smooth unique with lines", "dashtype (2, 4)")

eval right
set title "a major fault (ms): L, and S (dots)"
eval log_axis("y", smaller(least[7], least[8]), larger(most[7], most[8]))
eval "plot ".curves(7, "n", over_n, "").", ".curves(8, "n", "smooth unique with lines", "dashtype (2, 4)")
unset multiplot
