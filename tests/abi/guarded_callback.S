# pinion_guarded_callback: see guarded_callback.cpp, which knows the same offsets.
#
# C calls it as if it were the callback. The return address is taken off the stack, so that the callback finds its stack
# arguments where they should be; it comes back when all is done.

        .globl  pinion_callback_guard
        .hidden pinion_callback_guard
        .bss
        .balign 16
        .type   pinion_callback_guard, @object
        .size   pinion_callback_guard, 576
pinion_callback_guard:
        .zero   576

        .section .rodata
        .balign 8
mxcsr_value:     .long 0x7f80
x87_control:     .word 0x0f7f

        .text
        .globl  pinion_guarded_callback
        .hidden pinion_guarded_callback
        .type   pinion_guarded_callback, @function
pinion_guarded_callback:
        endbr64
        lea     pinion_callback_guard(%rip), %r11
        pop     16(%r11)
        mov     %rsp, 24(%r11)
        mov     %rbx, 40(%r11)
        mov     %rbp, 48(%r11)
        mov     %r12, 56(%r11)
        mov     %r13, 64(%r11)
        mov     %r14, 72(%r11)
        mov     %r15, 80(%r11)
        mov     %rdi, 88(%r11)
        mov     %rsi, 96(%r11)
        mov     %rax, 168(%r11)
        mov     %rcx, 176(%r11)

        # Garbage in the stack below.
        mov     $0xdbdbdbdbdbdbdbdb, %rax
        mov     $1024, %ecx
        lea     -8200(%rsp), %rdi
        rep stosq
        movb    168(%r11), %al          # how many vector registers a variadic call uses
        mov     176(%r11), %rcx
        mov     88(%r11), %rdi

        stmxcsr 216(%r11)
        ldmxcsr mxcsr_value(%rip)
        fnstcw  224(%r11)
        fldcw   x87_control(%rip)

        # What a Microsoft callee preserves besides, which are arguments for System V.
        cmpl    $0, 208(%r11)
        je      1f
        .irp    n, 6,7,8,9,10,11,12,13,14,15
        movaps  %xmm\n, 256+16*(\n-6)(%r11)
        mov     $0x0badc0de00000000+\n, %rbp
        movq    %rbp, %xmm\n
        punpcklqdq %xmm\n, %xmm\n
        .endr
        mov     $0x5eed5eed5eed0006, %rdi
        mov     $0x5eed5eed5eed0007, %rsi
1:
        mov     $0x5eed5eed5eed0000, %rbx
        lea     1(%rbx), %rbp
        lea     2(%rbx), %r12
        lea     3(%rbx), %r13
        lea     4(%rbx), %r14
        lea     5(%rbx), %r15
        mov     8(%r11), %r10
        mov     %rbx, %r11
        call    *pinion_callback_guard(%rip)

        lea     pinion_callback_guard(%rip), %r11
        mov     %rsp, 32(%r11)
        mov     24(%r11), %rsp
        mov     %rbx, 104(%r11)
        mov     %rbp, 112(%r11)
        mov     %r12, 120(%r11)
        mov     %r13, 128(%r11)
        mov     %r14, 136(%r11)
        mov     %r15, 144(%r11)
        mov     %rdi, 152(%r11)
        mov     %rsi, 160(%r11)
        mov     %rax, 184(%r11)
        pushfq
        popq    192(%r11)
        cld
        stmxcsr 220(%r11)
        ldmxcsr 216(%r11)
        fnstenv 228(%r11)
        fldcw   224(%r11)

        cmpl    $0, 208(%r11)
        je      2f
        .irp    n, 6,7,8,9,10,11,12,13,14,15
        movaps  %xmm\n, 416+16*(\n-6)(%r11)
        movaps  256+16*(\n-6)(%r11), %xmm\n
        .endr
        mov     88(%r11), %rdi
        mov     96(%r11), %rsi
2:
        mov     40(%r11), %rbx
        mov     48(%r11), %rbp
        mov     56(%r11), %r12
        mov     64(%r11), %r13
        mov     72(%r11), %r14
        mov     80(%r11), %r15
        incq    200(%r11)
        jmp     *16(%r11)
        .size   pinion_guarded_callback, .-pinion_guarded_callback
        .section .note.GNU-stack, "", @progbits
