#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>
#include <vector>

namespace ropewalk {

// The metrics of this process, in Prometheus' terms: base units, counters end in "_total". A label
// takes few values: never a job, a version or an address of a client. All functions are
// thread-safe; the same name and labels give the same metric, which lives as long as the process.

using MetricLabels = std::map<std::string, std::string>;

prometheus::Counter& CounterMetric(const std::string& name, const std::string& help,
                                   const MetricLabels& labels = {});
prometheus::Gauge& GaugeMetric(const std::string& name, const std::string& help,
                               const MetricLabels& labels = {});

// `bounds` are the buckets' upper bounds, ascending; +Inf is implied.
prometheus::Histogram& HistogramMetric(const std::string& name, const std::string& help,
                                       const std::vector<double>& bounds,
                                       const MetricLabels& labels = {});

// Bounds for durations in seconds, 1 ms to 100 s.
std::vector<double> SecondsBounds();

// All metrics in Prometheus' text format, with process_start_time_seconds and ropewalk_build_info.
std::string MetricsText();

}  // namespace ropewalk
