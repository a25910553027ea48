;; How alike a query and rows of whole numbers are: the dot product of each row, 16 numbers at a time, two rows at once.
;; The instruction for it multiplies signed bytes with numbers of seven bits, so the query comes raised above zero.
;; Built into dense-scan.ts with `wat2wasm --enable-relaxed-simd` (wabt).
(module
  (import "scan" "memory" (memory 1))
  ;; The query, the first row, how many rows, bytes a row (a multiple of 16), where the products go.
  (func (export "scan") (param $query i32) (param $row i32) (param $rows i32) (param $stride i32) (param $out i32)
    (local $end i32) (local $at i32) (local $other i32) (local $q v128) (local $a v128) (local $b v128)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $b (v128.const i32x4 0 0 0 0))
        (local.set $other (i32.add (local.get $row) (local.get $stride)))
        (local.set $at (i32.const 0))
        (loop $numbers
          (local.set $q (v128.load (i32.add (local.get $query) (local.get $at))))
          (local.set $a
            (i32x4.relaxed_dot_i8x16_i7x16_add_s
              (v128.load (i32.add (local.get $row) (local.get $at))) (local.get $q) (local.get $a)))
          (local.set $b
            (i32x4.relaxed_dot_i8x16_i7x16_add_s
              (v128.load (i32.add (local.get $other) (local.get $at))) (local.get $q) (local.get $b)))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br_if $numbers (i32.lt_u (local.get $at) (local.get $stride))))
        (i32.store (local.get $out)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $a)) (i32x4.extract_lane 1 (local.get $a)))
            (i32.add (i32x4.extract_lane 2 (local.get $a)) (i32x4.extract_lane 3 (local.get $a)))))
        (i32.store offset=4 (local.get $out)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $b)) (i32x4.extract_lane 1 (local.get $b)))
            (i32.add (i32x4.extract_lane 2 (local.get $b)) (i32x4.extract_lane 3 (local.get $b)))))
        (local.set $row (i32.add (local.get $other) (local.get $stride)))
        (local.set $out (i32.add (local.get $out) (i32.const 8)))
        (br $next)))))
