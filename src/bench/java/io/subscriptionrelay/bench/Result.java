package io.subscriptionrelay.bench;

/**
 * A line of the table.
 *
 * @param row the row's number, with a letter when it has several lines
 * @param measure what was measured
 * @param unit the unit of floor and value
 * @param floor the floor's rounds; null when there is none
 * @param value the relay's rounds
 * @param ratio value by floor, round by round; null when there is no floor
 * @param bound what is wanted of the ratio or, without a floor, of the value; null for a line that only informs
 * @param note what a reader has to know besides, or blank
 */
record Result(String row, String measure, String unit, Series floor, Series value, Series ratio, Bound bound, String note) {

    /** A limit of the median. */
    record Bound(boolean atLeast, double limit) {

        boolean met(double value) {
            return atLeast ? value >= limit : value <= limit;
        }

        @Override
        public String toString() {
            return (atLeast ? "≥ " : "≤ ") + Report.number(limit);
        }
    }

    static Bound atLeast(double limit) {
        return new Bound(true, limit);
    }

    static Bound atMost(double limit) {
        return new Bound(false, limit);
    }

    /** Against a floor. */
    static Result ratio(String row, String measure, String unit, Series floor, Series value, Bound bound, String note) {
        return new Result(row, measure, unit, floor, value, value.by(floor), bound, note);
    }

    /** Against nothing but what is wanted. */
    static Result value(String row, String measure, String unit, Series value, Bound bound, String note) {
        return new Result(row, measure, unit, null, value, null, bound, note);
    }

    /** Whether it is as wanted; null when nothing is. */
    Boolean met() {
        return bound == null ? null : bound.met((ratio == null ? value : ratio).median());
    }
}
