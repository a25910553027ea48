/**
 * Words that ask for the same thing, one group a line, in both languages. Only what users and writers of manuals
 * mix up in general; the words of one field belong into its documents. A word may be in several groups.
 */
export const SYNONYM_GROUPS: readonly string[] = `
biggest bigger largest larger greatest longest longer highest maximum max most limit limited exceed 最大 最多 最长 最高 上限 超过 限制
big large size 大小 多大
long length 多长 长度
mb megabyte megabytes 兆 兆字节
gb gigabyte gigabytes
second seconds 秒
page pages 页 页数 几页
character characters letters 字 字符 字数
delete deletes remove removes erase discard rid purge 删除 删掉 删去 删 移除 移走 去掉 清除
upload uploads add import 上传 传 导入 导进 传上 添加
change modify edit adjust alter switch 修改 更改 改 改动 更换 变更 调整 换
configure setting set 设置 配置
update replace newer overwrite 更新 替换 新版 换成
create make generate new 创建 新建 生成 建立 建 新增
revoke invalidate withdraw 吊销 撤销 作废 注销 收回 停用
add extend 增加 添加 新增 扩展
start begin launch run boot 启动 开始 运行 开启 跑 启用
stop quit exit halt shutdown 停止 关闭 停 停机 退出 停掉 关机 关掉
enable activate turn 开启 启用 打开
difference differ different differs distinguish versus vs compare 区别 差别 不同 不一样 差异 分别
expiry expire expires expiration valid validity 有效期 过期 到期
license licence licensed 许可证 许可 授权 协议
key token 密钥 密匙 钥匙 key
folder directory 文件夹 目录
file document doc 文件 文档
port ports 端口 端口号
server servers 服务器
send sends sent 发送 发给 发
backup back 备份
restore recover 恢复 还原
health healthy alive status state 健康 正常 状态
see view show display check look find tell know 查看 看到 看 显示 查 知道
progress status state finished 进度 状态 处理完
reach reachable access 访问
computer machine host pc 电脑 机器 计算机 主机
mac macos macbook
interface ui page frontend 界面
web browser website 网页 浏览器 网站
interface api endpoint route 接口 api
retry retried attempt try tried 重试
fail fails failed failure down broken crash unavailable 失败 出错 坏 坏了 故障 挂 挂了 崩溃
error failure problem 错误 出错 问题
need require required requires necessary 需要 要求
support supported supports accept read 支持 接受
allow permit may permission 允许 权限 可以
store stored keep kept save saved persist 保存 存放 存储 存 放
commercial commercially business sell profit 商用 商业 卖 卖钱 赚钱 盈利
feedback rate rating review 评价 评分 打分 反馈
search query look 检索 搜索 搜 查找 查询
chat conversation dialogue 聊天 对话 会话
meaning mean means 意思 含义 表示
purpose role function 作用 用途
gpu graphics 显卡 gpu
invent fabricate hallucinate 编造 瞎编 胡编 捏造 胡说 乱说 瞎说 乱编
lost lose forgotten forgot forget 丢失 丢 丢了 弄丢 没了 忘记 遗失
record log logged 记录 日志 记下
colleague other others 同事 其他
immediately instantly 立即 马上 立刻
upgrade 升级
answer reply response 回答 答案 回复
command terminal 命令 命令行 终端
group team 组 团队 部门
encoding charset 编码
scale scaling 扩缩 扩容 伸缩
rename retitle title 改名 重命名 更名 标题
env environment variable variables var setting 环境变量 变量 设置
lan network intranet machine machines 局域网 内网
expose publish open reach access 暴露 开放
reject rejected refuse refused deny denied decline 拒绝 拒收
llm model 大模型 语言模型 模型
private privacy confidential 隐私 私密 保密
visible readable see read restrict 可见 看见 看到
finish finished done complete completed 完成 处理完 做完
type kind format sort 类型 种类 格式
spreadsheet sheet excel xlsx 电子表格
powerpoint ppt slide slides presentation 演示文稿 幻灯片
image picture photo 图片 照片 图像
wipe clear empty reset anew 清空 重置 重来
kubernetes k8s
postgres postgresql
javascript js
crash outage power 崩溃 断电 宕机
tokenize segment split cut 分词 切分 切开
prevent avoid protect against 防止 避免 保护
hidden invisible 隐藏 看不见
admin administrator 管理员
stream streaming live incremental 流式 实时 逐字
verify verified check 核对 验证 核验
origin provenance 来历 出处
login sso signin 登录 登陆 单点登录
monitor monitoring metric metrics 监控 指标
install installation setup deploy 安装 部署
wrong incorrect bad invalid 错 不对 错误
past earlier previous old former 历史 以前 过去 旧
url link address web 网址 链接 地址
fetch download crawl grab 抓取 下载 抓
mangled garbled 乱码
private personal own 个人 私人
database db 数据库
ask question query 问 提问 问题 询问
network internet online 网络 联网 上网
step steps procedure 步骤
restrict only 只让 限制
reply response answer 答复 应答 回话
passage chunk excerpt snippet fragment paragraph 片段 段落 选段
credential credentials key secret 凭证 凭据
password passphrase passcode 密码 口令
citation reference footnote source 引用 脚注 出处 来源 引文 注释
provenance lineage origin trace 谱系 血缘 溯源
colleague coworker teammate others 别人 他人 旁人
employee staff worker personnel 员工 职员 雇员
heaviest utmost top ceiling 最重 最大 顶多 至多 最高 封顶
smallest minimum least fewest shortest lowest min 最小 最少 最短 最低 下限 至少 起码
attachment file 附件
hit result match outcome 结果 命中
scratch anew fresh again 从头 重新 重来 再来
safe secure security safety 安全
vulnerability hole weakness flaw 漏洞 缺陷 隐患 安全问题
tell report inform notify notification announce alert 报告 通知 告知 上报 汇报 告诉
money pay paid cost price fee charge expense 钱 费用 价格 收费 付费 花费 开销
free gratis 免费
put place position locate 放 放到 放回 放在 摆 位置
import load ingest 导入 收录 录入 送进去 送入 交上去 装入 加载
upload submit send post 提交 上传 传上去 递交
speed fast quick rapid slow latency delay 快 慢 速度 延迟 耗时
memory ram 内存
disk drive storage space 磁盘 硬盘 存储空间 空间
cpu processor core chip architecture arm x64 处理器 架构 芯片
people person user somebody everybody everyone anybody someone 人 用户 使用者 大家 所有人 每个人
name title label 名字 名称 标题 名
amount count quantity number total 数量 个数 数目 总数 数字
id identifier number 编号 标识 号码 序号
default standard preset unless 默认 预设 缺省 原本
time duration period long seconds 时间 时长 期限 多久 多长
now current currently present today 现在 目前 当前 如今
older earlier previous former past 更早 较早 之前 先前 以前 前面
newest latest recent last 最新 最近 最后
wait waiting queue queued 等 等待 排队 等候
busy overload overloaded load traffic 忙 过载 繁忙 拥堵 流量 负载
fallback backup alternative otherwise 回退 后备 备用 兜底
canary rollout gradual 灰度 金丝雀 试点
weight share percent portion fraction 权重 比例 份额 百分比
priority urgent important interactive 优先级 优先 紧急 着急
batch bulk 批量 批 批处理
quota budget allowance 配额 预算 额度 限额
limit restrict restriction cap 限制 约束 限定
cancel abort interrupt stop 取消 中止 中断 终止 打断
hang stuck freeze block 卡住 卡死 挂起 没反应
close cut disconnect drop leave 断开 断掉 断 关掉 离开 断了
cache cached remember 缓存
language english chinese 语言 语种 英文 中文 英语 汉语
translate translation 翻译
version release edition 版本 发布
move migrate transfer relocate 移动 迁移 搬 搬到 转移
copy duplicate clone 复制 拷贝 拷 拷出来 副本
rename 改名 重命名
merge combine join together 合并 一起 结合
compare contrast 比较 对比 对照
sort order rank ranking 排序 顺序 次序 排名
algorithm method formula technique 算法 方法 公式
choose select pick 选择 选 挑 选取 指定
turn switch toggle 切换 开关
refuse reject decline 拒答 拒绝 不回答
evidence support proof basis 证据 依据 支持 资料
prove proof guarantee ensure 证明 保证 确保
trust reliable true 可信 可靠 信任 真
sign signed signature 签名 签署
tamper alter forge manipulate 篡改 伪造 改动
encrypt encryption cipher 加密
hash digest checksum 散列 哈希 摘要 校验
protect guard defend 保护 防护 防范
attack inject injection malicious 攻击 注入 恶意
instruction prompt command order 指令 提示词 提示
delete destroy discard throw away drop 撤掉 撤下 拿掉 扔掉 去掉 不要了 删了 清掉
revoke disable deactivate cancel void 停用 失效 没用 禁用 取消
resign quit leave departed 离职 辞职 离开
expire end lapse stop 到期 失效 过期 截止
month monthly 月 每月 一个月
day daily 天 每天 日
week weekly 周 星期 每周
year annual yearly 年 每年
hour hourly 小时 钟头
minute 分钟 分
line row 行
column field 列 字段 栏
table grid 表 表格
list enumerate inventory 列表 列出 清单 一览 罗列
detail details information info 详情 细节 信息 明细
show display print output 显示 打印 输出 展示
read open view look 读 阅读 打开 看 查阅
write compose type enter fill 写 填 输入 填写 键入 打
word term text 词 文字 文本 字词
sentence phrase statement 句 句子 语句
long length lengthy 长 很长 长度 太长
test try experiment check 测试 试 试试 试验 检验
tool program software application app 工具 程序 软件 应用 程式 软体
package library module dependency 包 库 依赖 模块
sdk client library 客户端
code source script 代码 源码 源代码 脚本
contribute contribution develop developer 贡献 开发 开发者
fork customise customize adapt own 定制 改造 派生 自己的
operator admin administrator maintainer 运维 管理员 管理者
manager boss lead 经理 主管 领导
department team group unit 部门 科室 组 团队
hr personnel 人事 人力
company organisation organization firm enterprise tenant 公司 组织 企业 单位
customer client buyer 客户 顾客
contract agreement 合同 协议 合约
invoice bill receipt 发票 账单 收据
travel trip journey 出差 旅行 差旅
holiday vacation leave 假期 休假 请假 年假
meeting conference appointment 会议 开会
room office 房间 会议室 办公室
printer print 打印 打印机
scan scanned scanner 扫描 扫描件 扫描的
ocr recognise recognize recognition 识别
photo picture image screenshot figure diagram 图片 照片 图像 截图 图
hidden secret invisible 隐藏 看不见
broken damaged corrupt garbled 损坏 坏 乱码
strange wrong unexpected 奇怪 异常 不正常
reason cause why 原因 缘故 为什么
solve fix repair resolve mend help 解决 修复 修理 处理 救
guide walk instruct teach manual tutorial explain 教 教程 指南 说明 手册
manual handbook documentation docs guide 手册 文档 说明书
question query ask 问题 提问 疑问
follow continue subsequent next 接着 继续 后续 追问 接下来
context history conversation thread 上下文 历史 对话
bad poor wrong disappointing dislike 差 很差 不好 糟糕 不满意
good great helpful like 好 满意 有用
thumbs rate rating score vote 点赞 点踩 评分 打分 评价
score relevance similarity 分数 得分 相关度 相关性
position offset location start end 位置 偏移 起止
byte bytes unit 字节 单位
code point character 码点 字符 字元
browser page web 网页 浏览器 页面
frontend ui interface screen 前端 界面 屏幕
typewriter incremental stream streaming gradually step 打字机 逐步 逐字 流式 实时 一边
realtime live immediately instant 实时 即时 马上 立刻 立即
effect effective apply work 生效 见效 起作用 有效
finish complete end done ready 结束 完成 好了 就绪 处理好
begin start first initial 开始 首次 第一次 初始
during while running 期间 过程中 正在
crash outage failure down die fault 崩溃 宕机 故障 停电 断电 死机
restart reboot relaunch 重启 重新启动 再启动
offline disconnected without 离线 断网 不联网 没网
cloud internet external outside online 云 外网 外部 公网 互联网
local machine own onpremise laptop 本地 本机 自己的电脑
container docker image 容器 镜像
cluster kubernetes node 集群 节点
deploy production rollout 部署 上线 生产
requirement prerequisite need necessary 要求 需要 前提 条件
platform operating system os 平台 操作系统 系统
linux ubuntu debian
windows microsoft
licence open source 许可证 开源
legal allowed lawful permission 合法 允许 许可
commercial sell sale money earn 商用 卖 赚钱 出售 商业
modify adapt customise 修改 改成 改造
share public publish give others 分享 共享 公开 发给
visible see viewable accessible 可见 看得见 看到 能看
owner belong own possess 属于 拥有 所有者 归
id number code 代码 编码
error mistake wrong fault 错误 出错 报错 错
status state condition 状态 情况 状况
message text notice 消息 信息 提示
header field parameter 请求头 响应头 头 参数 字段
parameter argument option flag setting 参数 选项 设置
url address endpoint path route link 地址 网址 路径 接口 链接
path route location directory 路径 路由 位置
host machine server computer 主机 机器 电脑
response reply return result 响应 返回 得到 返回值
return give back yield 返回 返还 还回 返给
request call query 请求 调用 访问
retry again repeat attempt times 重试 再试 重来 几次 几遍
times repeatedly often 次 次数 几次 遍
give abandon surrender 放弃
job task work background 任务 后台任务 作业 工作
background async asynchronous 后台 异步
worker process daemon 进程 工作进程
pending queued waiting ready 待处理 排队 等待
dead failed stopped 死 失败 停止
similar alike same equal identical 相同 一样 相似 同样
different another other 不同 别的 另外 其他
duplicate repeated same twice 重复 两次 相同
part section portion piece 部分 章节 段 小节
heading title headline 标题 小标题
whole entire full complete all 整个 全部 完整 所有 全
empty blank nothing 空 空白 什么都没有
many several multiple various 多个 好几 若干 几个
only just single one 只 仅 单个 唯一
maximum exceed over beyond above 超过 超出 以上
under below less within 以内 以下 之内 低于 小于
inside within contain include 里面 包含 包括 含
exclude without except skip ignore 排除 跳过 忽略 除外
add append insert attach 添加 加 加入 附加 增加
keep retain preserve maintain hold 保留 保持 留 留着 保存
store location data stored 存放 存 保存 放
lose lost missing gone disappear vanish 丢 丢失 没了 弄丢 不见 消失 找不到
find search locate discover 查找 找 找到 搜 检索 查 查询 搜不到 查不到
recover restore return rollback undo 恢复 还原 找回 救 放回
undo revert rollback back 撤销 回滚 恢复 退回
rollback downgrade older 回滚 降级
upgrade update newer migrate 升级 更新 换新
automatic automatically auto itself 自动 自己
manual manually hand 手动 手工
schedule periodic regular cron interval 定时 定期 间隔 周期
watch monitor observe track follow 监视 监控 跟踪 观察 关注
statistics metric measure count stats 统计 指标 度量 数据
dashboard chart graph panel 仪表盘 图表 面板
alert alarm warning 告警 警报 警告
trace tracing debug diagnose troubleshoot 追踪 调试 诊断 排查 检查
check verify inspect examine 检查 查 核对 核实 验证
check health probe alive 健康检查 探针 正常
scale replica instances more capacity 扩容 副本 实例 容量
shutdown graceful drain terminate 停机 关闭 排空 退出
signal sigterm ctrl interrupt kill 信号
thread concurrent parallel simultaneous 并发 并行 同时
lock exclusive use occupied taken 锁 占用 占 独占
conflict collide taken use 冲突 占用 被占
port number listen 端口 几号 监听
listen bind accept 监听 绑定
proxy reverse forward 代理 反向代理 转发
https tls ssl certificate 证书 https
authentication login auth identity sign 登录 认证 身份 验证身份 登陆
anonymous without login open 匿名 开放 不登录
role scope permission right privilege 角色 权限 权限范围 范围
grant give assign hand issue 授予 给 分配 发 发放 开
personal individual private 个人 私人 自己的
sensitive confidential private secret classified 敏感 机密 保密 私密
leak expose disclose reveal 泄露 泄漏 暴露 外泄
leave go send exit outside 离开 外发 发出去
intranet office lan network 内网 局域网 办公室
vector embedding semantic dense 向量 语义 嵌入
keyword lexical word term 关键词 词法 词
model llm ai engine 模型 大模型
builtin embedded extractive internal 内置 自带 抽取式
generate produce write create 生成 写 产生
invent fabricate make hallucinate 编造 瞎编 捏造
quote verbatim literal exact word 原文 照抄 逐字 引文 原话
summary summarise summarize abstract 摘要 总结 概括
short brief concise 短 简短 简洁
format kind type extension 格式 类型 种类 后缀
word docx document
powerpoint slides 幻灯片
csv table comma 逗号 表格
markdown md
html webpage web 网页
pdf acrobat
text plain txt 纯文本 文本 一段文字
page sheet paper 页 页码 张 页数
folder nested subfolder tree 子文件夹 子目录 文件夹
sync synchronise synchronize incremental refresh 同步 增量 刷新
source origin feed 来源 数据源
track follow watch monitor 跟踪 追踪
collection set group category 集合 分类 类别
tag label mark 标签 标记
metadata attribute property 元数据 属性
url web link fetch 网址 链接
memory remember recall 记住 记得 记忆
javascript typescript node js ts
python py
npm package install
env variable environment setting 环境变量
config configuration setup settings 配置 设定 设置
file name filename 文件名
password login credential
api interface endpoint 接口
stop pause halt 停 暂停 停下
typo slip mistake misspelt spelling 错别字 笔误 拼写
case capital uppercase lowercase 大写 小写
punctuation symbol mark 标点 符号
bracket number marker 方括号 标记 括号
windows win
prometheus 普罗米修斯
citation citations cite footnote reference 引用 引文 出处
audit auditor 审计
symlink symlinks symbolic 软链接 符号链接
memory ram 内存
trigger triggered 触发 启动
batch bulk 批量 成批
example sample snippet 示例 例子
throttle throttling quota limit limits 限流 限速 限额 配额
crawl spider 爬 爬取 抓取
postgres pg postgresql
`
  .trim()
  .split("\n");
