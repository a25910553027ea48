;; Which rows are most like a query. `scan` reads rows of four bits a number, four rows at once, 32 numbers at a time: the
;; first 16 of these stand in the lower halves of 16 bytes. `product` reads a row of 16 bits a number.
;; The instruction for bytes multiplies signed ones with numbers of seven bits, so the rows are raised by 8.
;; Built into dense-scan.ts with `wat2wasm --enable-relaxed-simd` (wabt 1.0.39).
(module
  (import "scan" "memory" (memory 1))
  (global $end (mut i32) (i32.const 0))
  (global $scopes (mut i32) (i32.const 0))
  (global $verdicts (mut i32) (i32.const 0))
  (global $most (mut i32) (i32.const 0))
  (global $raised (mut i32) (i32.const 0))
  (global $step (mut f64) (f64.const 0))
  (global $least (mut f64) (f64.const 0))
  (global $out (mut i32) (i32.const 0))
  (func $may (param $row i32) (result i32)
    (i32.load8_u
      (i32.add
        (global.get $verdicts)
        (i32.load (i32.add (global.get $scopes) (i32.shl (local.get $row) (i32.const 2)))))))
  ;; Notes a row and its score where that is above the least.
  (func $offer (param $row i32) (param $v v128)
    (local $score f64)
    (if (i32.ge_u (local.get $row) (global.get $end)) (then (return)))
    (if (i32.eqz (call $may (local.get $row))) (then (return)))
    (local.set $score
      (f64.mul
        (f64.mul
          (f64.convert_i32_s
            (i32.sub
              (i32.add
                (i32.add (i32x4.extract_lane 0 (local.get $v)) (i32x4.extract_lane 1 (local.get $v)))
                (i32.add (i32x4.extract_lane 2 (local.get $v)) (i32x4.extract_lane 3 (local.get $v))))
              (global.get $raised)))
          (f64.promote_f32 (f32.load (i32.add (global.get $most) (i32.shl (local.get $row) (i32.const 2))))))
        (global.get $step)))
    (if (f64.gt (local.get $score) (global.get $least))
      (then
        (f64.store (global.get $out) (local.get $score))
        (i32.store offset=8 (global.get $out) (local.get $row))
        (global.set $out (i32.add (global.get $out) (i32.const 16))))))
  (func $dot (param $at i32) (param $low v128) (param $high v128) (param $sum v128) (result v128)
    (local $both v128)
    (local.set $both (v128.load (local.get $at)))
    (i32x4.relaxed_dot_i8x16_i7x16_add_s
      (local.get $high)
      (v128.and (i16x8.shr_u (local.get $both) (i32.const 4)) (i8x16.splat (i32.const 15)))
      (i32x4.relaxed_dot_i8x16_i7x16_add_s
        (local.get $low) (v128.and (local.get $both) (i8x16.splat (i32.const 15))) (local.get $sum))))
  ;; The rows from one to another, where rows, scopes, a verdict for each scope and the most of each row begin, bytes a row
  ;; (a multiple of 16), what the query comes to eight times, what its step stands for, the score to beat, and where what
  ;; beats it goes. The query is at 0. Returns the end of what was found: 16 bytes each, its score and its row.
  (func (export "scan") (param $row i32) (param $end i32) (param $rows i32) (param $scopes i32) (param $verdicts i32)
      (param $most i32) (param $stride i32) (param $raised i32) (param $step f64) (param $least f64) (param $out i32)
      (result i32)
    (local $at i32) (local $low v128) (local $high v128) (local $last i32)
    (local $one i32) (local $two i32) (local $three i32) (local $four i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (global.set $end (local.get $end))
    (global.set $scopes (local.get $scopes))
    (global.set $verdicts (local.get $verdicts))
    (global.set $most (local.get $most))
    (global.set $raised (local.get $raised))
    (global.set $step (local.get $step))
    (global.set $least (local.get $least))
    (global.set $out (local.get $out))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $end)))
        (if (i32.eqz (call $may (local.get $row)))
          (then
            (local.set $row (i32.add (local.get $row) (i32.const 1)))
            (br $next)))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $b (v128.const i32x4 0 0 0 0))
        (local.set $c (v128.const i32x4 0 0 0 0))
        (local.set $d (v128.const i32x4 0 0 0 0))
        (local.set $one (i32.add (local.get $rows) (i32.mul (local.get $row) (local.get $stride))))
        (local.set $last (i32.add (local.get $one) (local.get $stride)))
        (local.set $two (local.get $last))
        (local.set $three (i32.add (local.get $two) (local.get $stride)))
        (local.set $four (i32.add (local.get $three) (local.get $stride)))
        (local.set $at (i32.const 0))
        (loop $numbers
          (local.set $low (v128.load (local.get $at)))
          (local.set $high (v128.load offset=16 (local.get $at)))
          (local.set $a (call $dot (local.get $one) (local.get $low) (local.get $high) (local.get $a)))
          (local.set $b (call $dot (local.get $two) (local.get $low) (local.get $high) (local.get $b)))
          (local.set $c (call $dot (local.get $three) (local.get $low) (local.get $high) (local.get $c)))
          (local.set $d (call $dot (local.get $four) (local.get $low) (local.get $high) (local.get $d)))
          (local.set $one (i32.add (local.get $one) (i32.const 16)))
          (local.set $two (i32.add (local.get $two) (i32.const 16)))
          (local.set $three (i32.add (local.get $three) (i32.const 16)))
          (local.set $four (i32.add (local.get $four) (i32.const 16)))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $numbers (i32.lt_u (local.get $one) (local.get $last))))
        (call $offer (local.get $row) (local.get $a))
        (call $offer (i32.add (local.get $row) (i32.const 1)) (local.get $b))
        (call $offer (i32.add (local.get $row) (i32.const 2)) (local.get $c))
        (call $offer (i32.add (local.get $row) (i32.const 3)) (local.get $d))
        (local.set $row (i32.add (local.get $row) (i32.const 4)))
        (br $next)))
    (global.get $out))
  ;; Of whole numbers of 16 bits and a query of as many floats, which end at `last` (a multiple of 8 numbers).
  (func (export "product") (param $at i32) (param $query i32) (param $last i32) (result f32)
    (local $numbers v128) (local $a v128) (local $b v128)
    (loop $next
      (local.set $numbers (v128.load (local.get $at)))
      (local.set $a
        (f32x4.add
          (local.get $a)
          (f32x4.mul (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $numbers))) (v128.load (local.get $query)))))
      (local.set $b
        (f32x4.add
          (local.get $b)
          (f32x4.mul
            (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $numbers)))
            (v128.load offset=16 (local.get $query)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (local.set $query (i32.add (local.get $query) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $query) (local.get $last))))
    (local.set $a (f32x4.add (local.get $a) (local.get $b)))
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
      (f32.add (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a))))))
