# curve.gp - how long a program takes with how much memory, and why
#
#	gnuplot -d -c curve.gp OUT CAPTION CURVE LIMITS
#
# OUT ends in .svg or .png; CURVE and LIMITS are the tables that experiments/curve has left. What was ended
# because it took too long, or needed more memory, is a point of its own. On a logarithmic axis, what is 0 is not there.

if (ARGC != 4) {
	printerr "usage: gnuplot -d -c curve.gp OUT CAPTION CURVE LIMITS"
	exit status 2
}
out = ARG1
caption = ARG2
table = ARG3
limits = ARG4
width = 1000
height = 700
plots = ARG0[1 : strstrt(ARG0, "curve.gp") - 1]
load plots."style.gp"

# Without a limit it had no less than with the largest one: it stands there.
array names[7] = ["seconds", "major_anon", "major_file", "refaults_anon", "refaults_file", "pswpout", "memory_kb"]
array most[7]
set datafile missing "max"
do for [c = 1 : 7] {
	undefine STATS_*
	stats table using names[c] nooutput
	most[c] = exists("STATS_max") ? STATS_max : 0	# refaults were not counted before Linux 5.9
	if (exists("STATS_min")) { least_kb = STATS_min }
	if (c == 1) { least_s = STATS_min }
}
set datafile missing
mb = "(stringcolumn('memory_kb') eq 'max' ? most[7] / 1024.0 : column('memory_kb') / 1024.0)"
itself = "(stringcolumn('ended') eq 'itself' ? %s : NaN)"
over(name) = sprintf("(column('%s') > 0 ? column('%s') : NaN)", name, name)
larger(a, b) = a > b ? a : b

undefine STATS_*
stats limits using "peak_kb" nooutput
peak_mb = STATS_max / 1024.0
undefine STATS_*
set datafile missing "max"
stats limits using "enough_5_percent" nooutput
set datafile missing
enough_mb = exists("STATS_max") ? STATS_max / 1024.0 : 0

set output out
set multiplot
eval log_axis("x", least_kb / 1024.0, most[7] / 1024.0)
set key top right Left reverse noenhanced samplen 2
upper = "set tmargin at screen 0.94; set bmargin at screen 0.60; unset xlabel"
lower = "set tmargin at screen 0.47; set bmargin at screen 0.14; set xlabel 'memory (MB)'"
left = "set lmargin at screen 0.08; set rmargin at screen 0.48"
right = "set lmargin at screen 0.585; set rmargin at screen 0.985"

eval upper
eval left
set title "time (s)"
eval log_axis("y", least_s, most[1])
set arrow 1 from graph 0, first 2 * least_s to graph 1, first 2 * least_s nohead linecolor rgb grey linewidth 0.6
set arrow 2 from first peak_mb, graph 0 to first peak_mb, graph 0.66 nohead linecolor rgb grey linewidth 0.6 dashtype (4, 4)
set label 2 " peak resident set" at first peak_mb, graph 0.62 left textcolor rgb grey
if (enough_mb > 0) {
	set arrow 3 from first enough_mb, graph 0 to first enough_mb, graph 0.52 nohead linecolor rgb grey linewidth 0.6 dashtype (12, 4)
	set label 3 " 5% slower" at first enough_mb, graph 0.48 left textcolor rgb grey
}
set label 4 "twice as long " at graph 1, first 2.2 * least_s right textcolor rgb grey
eval "plot table using ".mb.":(".sprintf(itself, "column('seconds')").") with linespoints linetype 1 title 'it ended by itself', ". \
	"table using ".mb.":(stringcolumn('ended') eq 'time' ? column('seconds') : NaN) with points linetype 2 title 'ended: it took longer', ". \
	"table using ".mb.":(stringcolumn('ended') eq 'memory' ? column('seconds') : NaN) with points linetype 4 title 'killed: out of memory'"
unset arrow 1
unset arrow 2
unset arrow 3
unset label 1
unset label 2
unset label 3
unset label 4

eval right
set title "major faults, on"
eval log_axis("y", 1, larger(10, larger(most[2], most[3])))
eval "plot table using ".mb.":".over("major_anon")." with linespoints linetype 1 title 'anonymous memory', ". \
	"table using ".mb.":".over("major_file")." with linespoints linetype 2 title 'files'"

eval lower
eval left
set title "pages that had to come back (refaults), and were swapped out"
eval log_axis("y", 1, larger(10, larger(larger(most[4], most[5]), most[6])))
eval "plot table using ".mb.":".over("refaults_anon")." with linespoints linetype 1 title 'refaults, anonymous', ". \
	"table using ".mb.":".over("refaults_file")." with linespoints linetype 2 title 'refaults, files', ". \
	"table using ".mb.":".over("pswpout")." with linespoints linetype 3 title 'swapped out'"
unset logscale y

eval right
set title "of the time (%)"
set yrange [0 : 150]	# room for the key
set ytics 0, 25, 100
eval "plot table using ".mb.":(100 * column('cpu_s') / column('seconds')) with linespoints linetype 1 title 'its CPU', ". \
	"table using ".mb.":'memory_some' with linespoints linetype 2 title 'some of it waited for memory', ". \
	"table using ".mb.":'memory_full' with linespoints linetype 3 title 'all of it did', ". \
	"table using ".mb.":'io_full' with linespoints linetype 4 title 'all of it waited for a disk'"
unset multiplot
