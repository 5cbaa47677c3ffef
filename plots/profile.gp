# profile.gp - accumulated page faults over time, and below them what made them
#
#	gnuplot -d -c profile.gp OUT CAPTION SAMPLES SERIES PROCESSES COURSE [SAMPLES PROCESSES]
#
# OUT ends in .svg or .png, the tables are what `reduce samples`, `reduce series`, `reduce
# processes` and `tabulate course` printed. Each process has a line of its own, which ends in a
# point where the process was unregistered; the thin grey one is the sum of all, but for the
# panels of the machine, where it is the machine. The axes have room for the other SAMPLES, too,
# so that two figures can be laid beside each other.

if (ARGC != 6 && ARGC != 8) {
	printerr "usage: gnuplot -d -c profile.gp OUT CAPTION SAMPLES SERIES PROCESSES COURSE [SAMPLES PROCESSES]"
	exit status 2
}
out = ARG1
caption = ARG2
samples = ARG3
series = ARG4
processes = ARG5
course = ARG6
width = 800
height = 900
load ARG0[1 : strstrt(ARG0, "profile.gp") - 1]."style.gp"

# The ends of the axes, and how many samples and processes there are. stats only warns of
# what it cannot read.
array most[5]
do for [c = 1 : 5] { most[c] = 0 }
do for [i = 3 : ARGC] {
	if (i != 5 && i != 6 && i != 8) {
		do for [c = 1 : 3] {
			name = word("seconds minor_total major_total", c)
			undefine STATS_*
			stats ARGV[i] using name nooutput
			if (!exists("STATS_max")) {
				printerr ARGV[i].": no numbers in column ".name
				exit status 1
			}
			most[c] = most[c] > STATS_max ? most[c] : STATS_max
			if (i == 3) { records = STATS_records }
		}
	}
	if (i == 3 || i == 7) {
		stats ARGV[i] using (column("minor_total") + column("major_total")) nooutput
		most[4] = most[4] > STATS_max ? most[4] : STATS_max
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
do for [i = 4 : ARGC] {
	if (i == 4 || i == 8) {
		undefine STATS_*
		stats ARGV[i] using (column(i == 4 ? "rss_kb" : "peak_rss_kb") / 1024) nooutput
		if (!exists("STATS_max")) {
			printerr ARGV[i].": no numbers in column ".(i == 4 ? "rss_kb" : "peak_rss_kb")
			exit status 1
		}
		most[5] = most[5] > STATS_max ? most[5] : STATS_max
	}
}
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
# Of a run of less than two samples, there is no course.
measured = int(system("wc -l < '".course."'")) > 1
rate = 0
if (measured) {
	undefine STATS_*
	stats course using "majors_per_second" nooutput
	if (!exists("STATS_max")) {
		printerr course.": no numbers in column majors_per_second"
		exit status 1
	}
	rate = STATS_max
}

# How many numbers there are of each share of the time: of a machine that swaps to no device there are none
# of it, and gnuplot would complain.
array numbers[3] = [0, 0, 0]
do for [c = 1 : (measured ? 3 : 0)] {
	name = word("swap_busy io_full memory_full", c)
	stats course using (stringcolumn(name) eq "nan" ? 0 : (numbers[c] = numbers[c] + 1), 0) nooutput
}

# What is not of process p is no point of its line.
of(p, name) = column("process") == p ? column(name) : NaN
total(p) = of(p, "minor_total") + of(p, "major_total")
end(p, value) = column("seconds") == ended[p] ? value : NaN

# Of the samples, so many that no bend is lost to the eye; the last one is there.
step = int(ceil(records / 500.0))
first = int(records - 1) % step

# The legend has room for a dozen or so; then it says how many more there are.
named = n <= 15 ? n : 14
rows = (named + (named < n) + 2) / 2	# of the legend

# eval panel(top, bottom): as shares of what the legend leaves
space = 0.915 - 0.02 * rows
panel(top, bottom) = sprintf("set tmargin at screen %g; set bmargin at screen %g", \
	0.09 + space * top, 0.09 + space * bottom)

set output out
set multiplot
set lmargin at screen 0.14
set rmargin at screen 0.97
eval seconds_axis("x", most[1], 0)

# One legend, above all panels.
set key at screen 0.55, screen 0.99 center top horizontal maxcols 2 Left reverse noenhanced
eval panel(0.985, 0.70)
set ylabel "page faults,\naccumulated"
eval axis("y", most[4])
plot samples every step::first using "seconds":(column("minor_total") + column("major_total")) \
		with lines linestyle 1 notitle, \
	for [p = 1 : n] series using (of(p, "seconds")):(total(p)) \
		with lines linetype p title (p <= named ? labels[p] : ""), \
	for [p = 1 : n] series using (end(p, of(p, "seconds"))):(end(p, total(p))) \
		with points linetype p notitle, \
	NaN with lines linestyle 1 title "all processes", \
	NaN with points pointtype 0 \
		title (named < n ? sprintf("and %d processes more", n - named) : "")

unset key
unset label 1
eval panel(0.67, 0.47)
set ylabel "major faults,\naccumulated"
eval axis("y", most[3])
plot samples every step::first using "seconds":"major_total" with lines linestyle 1, \
	for [p = 1 : n] series using (of(p, "seconds")):(of(p, "major_total")) \
		with lines linetype p, \
	for [p = 1 : n] series using (end(p, of(p, "seconds"))):(end(p, of(p, "major_total"))) \
		with points linetype p

eval panel(0.44, 0.34)
set ylabel "major\nfaults/s"
eval coarse_axis("y", rate)
eval "plot ".(measured ? "course using \"seconds\":\"majors_per_second\" with lines linestyle 1 linewidth 1.8" : "NaN notitle")

eval panel(0.31, 0.19)
set ylabel "resident\nsets (MB)"
eval coarse_axis("y", most[5])
plot for [p = 1 : n] series using (of(p, "seconds")):(of(p, "rss_kb") / 1024) with lines linetype p

eval panel(0.125, 0)
set ylabel "% of\nthe time"
eval seconds_axis("x", most[1], 1)
set xlabel "time (s)"
set yrange [0 : 100]
set ytics 0, 50, 100
set key at graph 1, graph 1.05 right bottom horizontal maxrows 1 Left reverse noenhanced width -1
share(c, name, looks) = numbers[c] == 0 ? "" : sprintf(", course using \"seconds\":\"%s\" with lines %s", name, looks)
eval "plot [] [0 : 100] NaN notitle". \
	share(1, "swap_busy", "linestyle 1 linewidth 1.8 title \"device busy\""). \
	share(2, "io_full", "linetype 5 title \"all wait for it\""). \
	share(3, "memory_full", "linetype 6 title \"all wait for memory\"")
unset multiplot
