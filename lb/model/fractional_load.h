// The heart of the lower bound: how soon unrelated machines can finish a volume of work that may be cut at
// will. Pure.
//
//   L(V) = min T    with  sum_t x_tk = V_k for each k,   R_t + sum_k a_tk x_tk <= T for each t,   x >= 0
//        = max      sum_k V_k z_k + sum_t R_t y_t
//          y, z >= 0      with  z_k <= a_tk y_t for each t that can do k,   sum_t y_t <= 1
//
// V_k is the volume of request type k, a_tk the time that all machines of type t together need for one unit
// of it, R_t the time for which they are busy already (none for a lower bound). The first line is the
// relaxation of scheduling on unrelated machines (Lenstra, Shmoys, Tardos, "Approximation algorithms for
// scheduling unrelated parallel machines", Mathematical Programming 46, 1990) with requests of one type
// lumped together, which loses nothing once they may be cut. The second line is its dual: prices y of machine
// time. We solve the dual, for two reasons: its region does not depend on V, so that many volumes are solved
// from one table; and by weak duality every price vector gives a valid lower bound, so rounding cannot make
// the answer too large.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace finishline::model {

/// A dense simplex table with Bland's rule (R. G. Bland, Mathematics of Operations Research 2, 1977), which
/// cannot cycle; the origin is a vertex to start from. Meant for tens of types, not for thousands.
class FractionalLoad {
 public:
  /// `time_per_unit[t * request_types + k]` is a_tk > 0, infinity where machines of type t cannot do k.
  FractionalLoad(std::vector<double> time_per_unit, std::size_t request_types);

  /// L(volume), in the unit of time_per_unit. Volume of a type that no machine can do is left out.
  /// `busy` is R by machine type, >= 0; empty: 0.
  double solve(std::span<const double> volume, std::span<const double> busy = {});

  /// Of the last solve(): what a unit of time of each machine type is worth, y, >= 0 with a sum of 1; and
  /// what a unit of each request type, z, 0 where no machine can do it. Before the first all are 0.
  std::span<const double> machine_prices() const { return machine_prices_; }
  std::span<const double> request_prices() const { return request_prices_; }

 private:
  double time(std::size_t machine, std::size_t type) const { return time_[machine * types_ + type]; }
  double& cell(std::size_t row, std::size_t column) { return table_[row * columns_ + column]; }

  void add_row(std::size_t machine, std::size_t type);
  void price_columns(std::span<const double> volume, std::span<const double> busy);
  bool improve();
  void pivot(std::size_t row, std::size_t column);
  void read_prices();
  double value_of(std::span<const double> volume, std::span<const double> busy) const;

  std::vector<double> time_;
  std::size_t types_, machines_;
  std::vector<double> scale_;  // per type: the least a_tk, 0 when no machine can do it

  // Variables are numbered: machine prices y_t, then z_k, then one slack per row. Each row reads
  //   basic_[row] + sum over columns of cell * free_[column] = right_[row].
  std::size_t columns_;
  std::vector<double> table_, right_, gain_;
  std::vector<std::size_t> basic_, free_;
  std::vector<double> machine_prices_, request_prices_;
};

}  // namespace finishline::model
