# style.gp - what the figures have in common: fonts, palette, borders, output
#
# A figure loads this after it has set
#   out		the file to draw: .svg or .png
#   width, height	of the drawing in pixels
#   caption	the line below it

set encoding utf8
set datafile separator tab
set datafile columnheaders

# Named by its family alone, the font is the reader's own in an SVG. Nothing
# here depends on the time or on a random number: same data, same bytes.
font = "sans-serif"
ending = out[strlen(out) - 3 : ]
if (ending eq ".svg") {
	set terminal svg size width, height font font.",12" background "#ffffff"
} else { if (ending eq ".png") {
	set terminal pngcairo size width, height font font.",10" background "#ffffff"
} else {
	printerr out.": expected a name that ends in .svg or .png"
	exit status 2
}}

# Okabe and Ito (2008), to be told apart by the colour-blind, too; and points
# and dashes of their own for print without colour.
set linetype 1 linecolor rgb "#0072b2" linewidth 1.8 dashtype 1 pointtype 7 pointsize 0.9
set linetype 2 linecolor rgb "#d55e00" linewidth 1.8 dashtype (12, 4) pointtype 4 pointsize 0.9
set linetype 3 linecolor rgb "#009e73" linewidth 1.8 dashtype (4, 4) pointtype 8 pointsize 1.0

grey = "#595959"
set border 3 linecolor rgb grey
set tics nomirror out scale 0.6 textcolor rgb "#000000"
set grid linetype 1 linecolor rgb "#dddddd" linewidth 0.6 dashtype 1
set label 1 caption at screen 0.5, screen 0 offset 0, 0.9 center noenhanced \
	font font.",".(ending eq ".svg" ? 11 : 8) textcolor rgb grey

# 1234567 -> "1,234,567"; the printf of gnuplot does so in some locales only.
grouped(x) = x < 1000 ? sprintf("%d", x) : \
	grouped(floor(x / 1000)).sprintf(",%03d", x - 1000 * floor(x / 1000))

# eval axis("y", top): a linear axis for counts, from 0 to at least top, with
# tics at every 1, 2 or 5 times a power of ten, ten at most.
axis(name, top) = spread(name, top < 1 ? 1.0 : 1.0 * top, step(top))
spread(name, top, step) = sprintf("set %srange [0 : %.0f]; set %stics (%s)", \
	name, step * ceil(top / step), name, tics(0, step, top + step))
tics(at, step, end) = at >= end ? "" : sprintf("%s\"%s\" %.0f", \
	at > 0 ? ", " : "", grouped(at), at).tics(at + step, step, end)
step(top) = top <= 5 ? 1.0 : nice(top / 5.0, 10.0 ** floor(log10(top / 5.0)))
nice(x, power) = x <= power ? power : x <= 2 * power ? 2 * power : \
	x <= 5 * power ? 5 * power : 10 * power

# eval log_axis("y", least, most): a logarithmic axis of whole decades, from a
# hair below the first, since gnuplot leaves out a tic on the very end.
log_axis(name, least, most) = decades(name, floor(log10(least)), floor(log10(most)) + 1)
decades(name, first, last) = \
	sprintf("set logscale %s; set %srange [%g : %g]; set %stics (%s)", \
	name, name, 0.9999 * 10.0 ** first, 10.0 ** last, name, powers(first, last))
powers(at, last) = sprintf("\"%s\" %g", at < 0 ? sprintf("%g", 10.0 ** at) : grouped(10 ** at), \
	10.0 ** at).(at < last ? ", ".powers(at + 1, last) : "")
