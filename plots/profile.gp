# profile.gp - accumulated page faults over time, minor and major apart
#
#	gnuplot -d -c profile.gp OUT CAPTION SAMPLES SERIES PROCESSES
#
# OUT ends in .svg or .png, the tables are what `reduce samples`, `reduce series` and `reduce
# processes` printed. Each process has a line of its own, which ends in a point where the
# process was unregistered; the thin grey one is the sum of all.

if (ARGC != 5) {
	printerr "usage: gnuplot -d -c profile.gp OUT CAPTION SAMPLES SERIES PROCESSES"
	exit status 2
}
out = ARG1
caption = ARG2
samples = ARG3
series = ARG4
processes = ARG5
width = 800
height = 600
load ARG0[1 : strstrt(ARG0, "profile.gp") - 1]."style.gp"

# The ends of the axes, and how many samples and processes there are. stats only warns of
# what it cannot read.
array columns[3] = ["seconds", "minor_total", "major_total"]
array most[3]
do for [c = 1 : 3] {
	do for [i = 3 : 4] {
		undefine STATS_*
		stats ARGV[i] using columns[c] nooutput
		if (!exists("STATS_max")) {
			printerr ARGV[i].": no numbers in column ".columns[c]
			exit status 1
		}
		most[c] = i > 3 && most[c] > STATS_max ? most[c] : STATS_max
		if (i == 3) { records = STATS_records }
	}
}
do for [i = 4 : 5] {
	undefine STATS_*
	stats ARGV[i] using "process" nooutput
	if (!exists("STATS_max")) {
		printerr ARGV[i].": no numbers in column process"
		exit status 1
	}
}
n = int(STATS_max)
array labels[n]
array ended[n]
do for [p = 1 : n] { ended[p] = NaN }
undefine STATS_*
stats processes using (labels[int(column("process"))] = stringcolumn("label"), 0) nooutput
if (!exists("STATS_max")) {
	printerr processes.": no words in column label"
	exit status 1
}
stats series using (ended[int(column("process"))] = column("seconds")) nooutput

# What is not of process p is no point of its line.
of(p, name) = column("process") == p ? column(name) : NaN
end(p, name) = column("seconds") == ended[p] ? of(p, name) : NaN

# Of the samples, so many that no bend is lost to the eye; the last one is there.
step = int(ceil(records / 500.0))
first = int(records - 1) % step

# The legend has room for a dozen or so; then it says how many more there are.
named = n <= 15 ? n : 14

set output out
rows = (named + (named < n) + 2) / 2	# of the legend
set multiplot layout 2, 1 margins screen 0.14, screen 0.97, screen 0.16, \
	screen 0.955 - 0.028 * rows spacing screen 0.08
set xrange [0 : most[1]]

# One legend, above both panels.
set key at screen 0.55, screen 0.985 center top horizontal maxcols 2 Left reverse noenhanced
set ylabel "minor faults, accumulated"
eval axis("y", most[2])
plot samples every step::first using "seconds":"minor_total" with lines linestyle 1 notitle, \
	for [p = 1 : n] series using (of(p, "seconds")):(of(p, "minor_total")) \
		with lines linetype p title (p <= named ? labels[p] : ""), \
	for [p = 1 : n] series using (end(p, "seconds")):(end(p, "minor_total")) \
		with points linetype p notitle, \
	NaN with lines linestyle 1 title "all processes", \
	NaN with points pointtype 0 \
		title (named < n ? sprintf("and %d processes more", n - named) : "")

unset key
unset label 1
set ylabel "major faults, accumulated"
set xlabel "time (s)"
eval axis("y", most[3])
plot samples every step::first using "seconds":"major_total" with lines linestyle 1, \
	for [p = 1 : n] series using (of(p, "seconds")):(of(p, "major_total")) \
		with lines linetype p, \
	for [p = 1 : n] series using (end(p, "seconds")):(end(p, "major_total")) \
		with points linetype p
unset multiplot
